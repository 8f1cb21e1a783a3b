import { constants, type OutgoingHttpHeaders } from "node:http2";
import { type Job, methodOf, serviceOf } from "unigate/transport";
import { encodeTimeout } from "../messages/grpc-timeout.ts";
import { toHeaders } from "../messages/metadata-headers.ts";

/** The request that brings `job` to a gRPC server; the time that it has left goes with it. */
export function requestHeaders(job: Job): OutgoingHttpHeaders {
  const { metadata } = job;
  const headers = toHeaders(metadata);
  headers[constants.HTTP2_HEADER_METHOD] = "POST";
  headers[constants.HTTP2_HEADER_PATH] = metadata.get(":path") ?? `/${serviceOf(job.target)}/${methodOf(job.target)}`;
  headers[constants.HTTP2_HEADER_CONTENT_TYPE] = job.contentType;
  headers[constants.HTTP2_HEADER_TE] = "trailers";
  // How the messages are packed is for the two ends of the call to know.
  for (const name of ["grpc-encoding", "grpc-accept-encoding"]) {
    const value = metadata.get(`:${name}`);
    if (value !== undefined) headers[name] = value;
  }
  if (job.deadline !== Infinity) headers["grpc-timeout"] = encodeTimeout(job.deadline - performance.now());
  return headers;
}
