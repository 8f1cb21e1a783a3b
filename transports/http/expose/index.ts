/** The door for those who publish an HTTP server of theirs through a gate that they can reach, and that cannot reach them. */
export { type ExposedRequest, exposeServer, type ExposeOptions } from "./expose-server.ts";
