import { createRequire } from "node:module";

const manifest = createRequire(import.meta.url)("unigate/package.json") as { version: string };

/** The version of this package. */
export const version: string = manifest.version;
