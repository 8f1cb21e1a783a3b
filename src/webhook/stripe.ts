import { isSigned, keysOf, mostSignatures, type SecretOptions, secretFaults } from "./secret.ts";
import { staleness, type ToleranceOptions, toleranceFaults } from "./tolerance.ts";
import type { Webhook } from "./webhook.ts";

/**
 * Webhooks of Stripe: `Stripe-Signature: t=…,v1=…`, with the endpoint's secret `whsec_…`.
 *
 * Only the body tells which event it is: a repeated one is a new job, and its handler looks at `event.id`.
 * Source: https://docs.stripe.com/webhooks#verify-manually.
 */
export function stripe(options: SecretOptions & ToleranceOptions): Webhook {
  return {
    name: "stripe",
    check: () => [...secretFaults(options), ...toleranceFaults(options)],
    refusal({ body, header }, date) {
      const fields = (header("stripe-signature") ?? "").split(",", 2 * mostSignatures).map((field) => field.trim().split("=", 2));
      const valuesOf = (wanted: string): string[] =>
        fields.flatMap(([name, value]) => (name === wanted && value !== undefined ? [value] : []));
      const [time] = valuesOf("t");
      if (time === undefined) return "it has no Stripe-Signature with a time";
      const late = staleness(time, date, options);
      if (late !== undefined) return late;
      const signatures = valuesOf("v1");
      const isGenuine = isSigned({ keys: keysOf(options), parts: [`${time}.`, body], signatures, encoding: "hex" });
      return isGenuine ? undefined : "its Stripe-Signature does not match";
    },
  };
}
