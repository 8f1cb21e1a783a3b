import { isSigned, keysOf, type SecretOptions, secretFaults } from "./secret.ts";
import type { Webhook } from "./webhook.ts";

/**
 * Webhooks of Shopify: `X-Shopify-Hmac-Sha256` over the body, with the app's client secret.
 *
 * Shopify signs no time. A delivery that is sent again has the same `X-Shopify-Webhook-Id`, and is the same job.
 * Source: https://shopify.dev/docs/apps/build/webhooks/verify-deliveries.
 */
export function shopify(options: SecretOptions): Webhook {
  return {
    name: "shopify",
    idempotencyHeader: "x-shopify-webhook-id",
    check: () => secretFaults(options),
    refusal({ body, header }) {
      const signature = header("x-shopify-hmac-sha256");
      if (signature === undefined) return "it has no X-Shopify-Hmac-Sha256";
      const isGenuine = isSigned({ keys: keysOf(options), parts: [body], signatures: [signature], encoding: "base64" });
      return isGenuine ? undefined : "its X-Shopify-Hmac-Sha256 does not match";
    },
  };
}
