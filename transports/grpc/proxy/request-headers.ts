import { type Job, type Metadata, methodOf, serviceOf } from "unigate/transport";
import { HeaderFields } from "../h2/header-fields.ts";
import { encodeTimeout } from "../messages/grpc-timeout.ts";
import { toFlatHeaders } from "../messages/metadata-headers.ts";

interface Known {
  readonly server: UpstreamName;
  readonly target: string;
  readonly fields: HeaderFields;
}

/** How calls of one server name it. */
export interface UpstreamName {
  readonly scheme: "http" | "https";
  /** `:authority` of every call, or of those whose caller sent none. */
  readonly authority: string;
  /** Callers' own goes before it. */
  readonly passesAuthority: boolean;
}

/** Calls that say the same have the same metadata, as one object: their request is made once. */
const known = new WeakMap<Metadata, Known>();

/** The request that brings `job` to a gRPC server, but for its timeout. */
export function requestFields(job: Job, server: UpstreamName): HeaderFields {
  const { metadata } = job;
  const before = known.get(metadata);
  if (before !== undefined && before.server === server && before.target === job.target) return before.fields;
  const path = metadata.get(":path") ?? `/${serviceOf(job.target)}/${methodOf(job.target)}`;
  const authority = (server.passesAuthority ? metadata.get(":authority") : undefined) ?? server.authority;
  const flat = [":method", "POST", ":scheme", server.scheme, ":path", path, ":authority", authority];
  flat.push("content-type", job.contentType, "te", "trailers");
  // How the messages are packed is for the two ends of the call to know.
  for (const name of ["grpc-encoding", "grpc-accept-encoding"]) {
    const value = metadata.get(`:${name}`);
    if (value !== undefined) flat.push(name, value);
  }
  const fields = new HeaderFields([...flat, ...toFlatHeaders(metadata)]);
  known.set(metadata, { server, target: job.target, fields });
  return fields;
}

/** The time that a job has left goes with it. */
export function timeoutField(job: Job): readonly [string, string] | undefined {
  return job.deadline === Infinity ? undefined : ["grpc-timeout", encodeTimeout(job.deadline - performance.now())];
}
