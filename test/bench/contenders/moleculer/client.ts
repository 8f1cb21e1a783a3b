import { serveRounds } from "../../load.ts";
import { createNode } from "./node.ts";

const node = createNode("client");
await node.start();
await node.waitForServices("echo");
// Bytes as text, because JSON, Moleculer's default serializer, has no bytes; it is still faster at this than its CBOR, its
// MessagePack and its extended JSON, which have them.
await serveRounds(async (data) =>
  Buffer.from(await node.call<string, { data: string }>("echo.echo", { data: data.toString("latin1") }), "latin1"),
);
