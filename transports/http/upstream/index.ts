/** HTTP servers as endpoints of the gate. */
export { createUpstream, type Upstream, type UpstreamOptions } from "./upstream.ts";
