import { isSigned, keysOf, type SecretOptions, secretFaults } from "./secret.ts";
import type { Webhook } from "./webhook.ts";

/**
 * Webhooks of GitHub: `X-Hub-Signature-256` over the body.
 *
 * GitHub signs no time. A delivery that is sent again has the same `X-GitHub-Delivery`, and is the same job.
 * Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
 */
export function github(options: SecretOptions): Webhook {
  return {
    name: "github",
    idempotencyHeader: "x-github-delivery",
    check: () => secretFaults(options),
    refusal({ body, header }) {
      const [scheme, signature] = (header("x-hub-signature-256") ?? "").split("=", 2);
      if (scheme !== "sha256" || signature === undefined) return "it has no X-Hub-Signature-256";
      const isGenuine = isSigned({ keys: keysOf(options), parts: [body], signatures: [signature], encoding: "hex" });
      return isGenuine ? undefined : "its X-Hub-Signature-256 does not match";
    },
  };
}
