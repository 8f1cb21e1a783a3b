import type { EndpointLink } from "../registry/endpoint.ts";

/** ", 3 heartbeats missed", for people; empty where none is, or where there is no heart: of servers, other checks tell. */
export function missedBeats({ missedBeats: beats = 0 }: Pick<EndpointLink, "missedBeats">): string {
  return beats === 0 ? "" : `, ${beats === 1 ? "1 heartbeat" : `${beats} heartbeats`} missed`;
}
