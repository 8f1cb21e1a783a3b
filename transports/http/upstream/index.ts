/** HTTP servers as endpoints of the gate. Loads undici: import it when the first upstream is made, not before. */
export { createUpstream, type Upstream, type UpstreamOptions } from "./upstream.ts";
