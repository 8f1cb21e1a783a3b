import { GateError } from "unigate/transport";
import { unreachable } from "./try-error.ts";
import { errorOfResponse } from "./response-error.ts";

/** The URL of a gate's HTTP door, without a slash at its end. Throws `invalid_argument` for any other URL. */
export function gateUrl(given: string | undefined): string {
  const text = given ?? httpUrl(process.env["GATE_URL"]) ?? "http://127.0.0.1:9000";
  if (httpUrl(text) === undefined)
    throw new GateError("invalid_argument", `gate: ${JSON.stringify(text)} is not an HTTP URL; write one such as "http://gate:9000"`);
  return text.replace(/\/+$/, "");
}

/** The headers that show a key to a gate; `$GATE_KEY` unless one is given. */
export function gateHeaders(key: string | undefined = process.env["GATE_KEY"]): Record<string, string> {
  return key === undefined || key === "" ? {} : { "x-gate-key": key };
}

/** Asks a gate's registry and gives the `data` of its envelope. Throws the gate's refusal, or `unavailable` when it cannot be reached. */
export async function askGate(url: string, init: RequestInit): Promise<unknown> {
  const { response, text } = await exchange(url, init);
  if (!response.ok) throw errorOfResponse(response.status, text, `the gate at ${url}`);
  try {
    return (JSON.parse(text) as { data?: unknown }).data;
  } catch (error) {
    throw new GateError("unavailable", `${url} does not answer as a gate does`, { cause: error });
  }
}

async function exchange(url: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, init);
    return { response, text: await response.text() };
  } catch (error) {
    throw unreachable(url, error);
  }
}

function httpUrl(text: string | undefined): string | undefined {
  return text !== undefined && /^https?:$/.test(URL.parse(text)?.protocol ?? "") ? text : undefined;
}
