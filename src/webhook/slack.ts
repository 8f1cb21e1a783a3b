import { isSigned, keysOf, type SecretOptions, secretFaults } from "./secret.ts";
import { staleness, type ToleranceOptions, toleranceFaults } from "./tolerance.ts";
import type { Webhook } from "./webhook.ts";

/**
 * Events, commands and interactions of Slack: `X-Slack-Signature: v0=…`, with the app's signing secret.
 *
 * The `url_verification` of a new endpoint wants an answer of its handler: use the mode `"live-else-inbox"`.
 * Source: https://docs.slack.dev/authentication/verifying-requests-from-slack.
 */
export function slack(options: SecretOptions & ToleranceOptions): Webhook {
  return {
    name: "slack",
    check: () => [...secretFaults(options), ...toleranceFaults(options)],
    refusal({ body, header }, date) {
      const time = header("x-slack-request-timestamp");
      const [version, signature] = (header("x-slack-signature") ?? "").split("=", 2);
      if (time === undefined || version !== "v0" || signature === undefined)
        return "it has no X-Slack-Request-Timestamp and X-Slack-Signature";
      const late = staleness(time, date, options);
      if (late !== undefined) return late;
      const isGenuine = isSigned({ keys: keysOf(options), parts: [`v0:${time}:`, body], signatures: [signature], encoding: "hex" });
      return isGenuine ? undefined : "its X-Slack-Signature does not match";
    },
  };
}
