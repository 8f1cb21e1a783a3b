/** Senders of webhooks, for the `webhook` of a route: whose requests the gate takes as genuine. */
export { github } from "./github.ts";
export type { SecretOptions } from "./secret.ts";
export { shopify } from "./shopify.ts";
export { slack } from "./slack.ts";
export { standardWebhooks } from "./standard-webhooks.ts";
export { stripe } from "./stripe.ts";
export type { ToleranceOptions } from "./tolerance.ts";
export type { SignedRequest, Webhook } from "./webhook.ts";
