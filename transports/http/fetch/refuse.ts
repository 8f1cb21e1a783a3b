import type { GateError } from "unigate/transport";
import { toProblem } from "../problem.ts";
import { type RequestHead, requestIdOf } from "../request-job.ts";
import type { FetchReply } from "./fetch-reply.ts";

/** Answers with a problem document; `as` is a status of HTTP's own. */
export function refuse(reply: FetchReply, head: RequestHead, error: GateError, as?: number): void {
  const { status, headers, body } = toProblem(error, requestIdOf(head), as);
  reply.writeHead(status, headers);
  reply.end(body);
}
