import { writeFile } from "node:fs/promises";
import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { freePort, GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const telemetry = `
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new BasicTracerProvider());
`;
const handlers = `
import "./telemetry.ts";
import { trace } from "@opentelemetry/api";
export const service = "t";
export const traceId = () => trace.getActiveSpan()?.spanContext().traceId ?? "none";
`;
const traceId = "0af7651916cd43dd8448eb211c80319c";

/** What the handler sees of its caller's trace, when a gate and a worker run under these command lines. */
async function seenUnder(...commands: string[][]): Promise<unknown> {
  const port = await freePort();
  const url = `tcp://127.0.0.1:${port}`;
  const folder = await workspace({ "telemetry.ts": telemetry, "t.ts": handlers });
  await writeFile(
    `${folder}/gate.config.ts`,
    `import { defineConfig } from "unigate"; import { zmq } from "unigate/zmq";
export default defineConfig({ transports: [zmq({ bind: "tcp://127.0.0.1:${port}" })] });\n`,
  );
  for (const args of commands) {
    const process = new GateProcess(args, { cwd: folder, env: { GATE_URL: url } });
    onTestFinished(() => process.kill());
    await process.says(/ready in|serving /);
  }
  const client = connect(url, { connectTimeout: "15s", metadata: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
  onTestFinished(() => client.close());
  await eventuallyTrue("the worker serves", async () => (await client.discover()).some(({ name }) => name === "t"));
  return await client.call("t.traceId");
}

describe("with --trace, a handler runs in its caller's trace, under", () => {
  it.each<[string, string[][]]>([
    ["gate worker", [["serve"], ["worker", "t.ts", "--trace"]]],
    ["gate worker --instances", [["serve"], ["worker", "t.ts", "--trace", "--instances", "2"]]],
    ["gate serve --worker", [["serve", "--worker", "t.ts", "--trace"]]],
    ["gate serve --worker --watch", [["serve", "--worker", "t.ts", "--trace", "--watch"]]],
    ["gate dev", [["dev", "t.ts", "--trace"]]],
  ])("%s", async (_, commands) => {
    expect(await seenUnder(...commands)).toBe(traceId);
  });
});

it("without --trace, a handler has no span", async () => {
  expect(await seenUnder(["serve", "--worker", "t.ts"])).toBe("none");
});
