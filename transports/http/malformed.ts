import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { GateError } from "unigate/transport";
import { codeOfStatus } from "./http-status.ts";
import { toProblem } from "./problem.ts";

/** The part of a socket that an answer to something malformed needs. */
interface BrokenSocket {
  writable: boolean;
  end(data: Buffer): void;
  destroy(): void;
}

/** What is not HTTP, too large a head or too slow a request: an answer that says so, and the end of its connection. */
export function answerMalformed(error: Error & { code?: string }, socket: BrokenSocket): void {
  // Node's own default asks the same: inside a response that has begun, an answer would pass for a part of it.
  const { _httpMessage: running } = socket as BrokenSocket & { _httpMessage?: ServerResponse | null };
  if (!socket.writable || error.code === "ECONNRESET" || running?.headersSent === true) return socket.destroy();
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const problem = new GateError(codeOfStatus(status), `malformed request: ${error.message}`);
  const { headers, body } = toProblem(problem, undefined, status);
  const head = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  const start = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\n${head.join("")}\r\n`;
  socket.end(Buffer.concat([Buffer.from(start), body]));
}

/** The answer to a request whose body does not come, and the end of its connection. */
export function answerTooSlow(request: IncomingMessage): void {
  answerMalformed(Object.assign(new Error("its body came too slowly"), { code: "ERR_HTTP_REQUEST_TIMEOUT" }), request.socket);
}
