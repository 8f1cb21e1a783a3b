import { version } from "../observe/version.ts";

/** What a peer that runs on Node calls itself in its hello. */
export const nodeAgent: string = `unigate/${version} node/${process.versions.node}`;
