import { GateError } from "unigate";

/** How a call ended: `ok`, or the code of its error. */
export async function codeOf(call: PromiseLike<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return GateError.from(error).code;
  }
}
