import { isSigned, keysOf, mostSignatures, type SecretOptions, secretFaults } from "./secret.ts";
import { staleness, type ToleranceOptions, toleranceFaults } from "./tolerance.ts";
import type { Webhook } from "./webhook.ts";

const form = /^(?:whsec_)?([A-Za-z0-9+/_-]+={0,2})$/;

/**
 * Senders that keep to Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), with a secret `whsec_…`.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, symmetric signatures (`v1`).
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { http } from "unigate/http";
 * import { standardWebhooks } from "unigate/webhooks";
 *
 * export default defineConfig({
 *   transports: [http()],
 *   routes: {
 *     "billing.paid": {
 *       http: "POST /hooks/billing",
 *       mode: "async",
 *       webhook: standardWebhooks({ secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
 *     },
 *   },
 * });
 * ```
 */
export function standardWebhooks(options: SecretOptions & ToleranceOptions): Webhook {
  return {
    name: "standard-webhooks",
    idempotencyHeader: "webhook-id",
    check: () => [...secretFaults(options, (secret) => form.test(secret)), ...toleranceFaults(options)],
    refusal({ body, header }, date) {
      const [id, time, all] = [header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")];
      if (id === undefined || time === undefined || all === undefined)
        return "it has no webhook-id, webhook-timestamp and webhook-signature";
      const late = staleness(time, date, options);
      if (late !== undefined) return late;
      const keys = keysOf(options).map((secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64"));
      const signatures = all.split(" ", mostSignatures).flatMap((one) => (one.startsWith("v1,") ? [one.slice(3)] : []));
      const isGenuine = isSigned({ keys, parts: [`${id}.${time}.`, body], signatures, encoding: "base64" });
      return isGenuine ? undefined : "its webhook-signature does not match";
    },
  };
}
