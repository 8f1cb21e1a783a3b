import { describe, expect, test } from "vitest";
import { ask, mirror, table } from "../proxy/conformance-table.ts";
import { openExposed } from "./expose-world.ts";

describe.each(["/", "/app"])("a caller cannot tell a server that is exposed at %s from the server itself", (path) => {
  test.each(table)("%s", async (_what, asked) => {
    const { url, server } = await openExposed(mirror, { path });
    const request = asked();
    const through = await ask(url, { ...asked(), path: (path === "/" ? "" : path) + (request.path ?? "/") });
    const directly = await ask(server.url, request);
    // A path of the server's own is put under the public one.
    const moved = directly.headers.map((header) => (path === "/" ? header : header.replace(/^location: \//, `location: ${path}/`)));
    const cookies = moved.map((header) => (path === "/" ? header : header.replace("Path=/", `Path=${path}/`)));
    expect(through).toEqual({ ...directly, headers: cookies });
  });
});
