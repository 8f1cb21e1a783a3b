import { spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { pythonGrpcMissing, runPython } from "../../../support/python-grpc.ts";
import { workspace } from "../../../support/workspace.ts";
import { grpcClient } from "../native/grpc-client.ts";
import { startGate } from "../proxy/gate.ts";
import { cases, packing } from "./js-cases.ts";
import { startJsServer } from "./js-server.ts";

const here = new URL(".", import.meta.url).pathname;
const file = `${here}interop.proto`;
const missing = pythonGrpcMissing();
const allWell = Object.fromEntries(Object.keys(cases).map((name) => [name, "ok"]));

/** A folder with the Python programs and what protoc makes of the .proto. */
async function pythonFolder(): Promise<string> {
  const folder = await workspace();
  for (const name of ["interop.proto", "client.py", "server.py"]) await cp(here + name, `${folder}/${name}`);
  await runPython(["-m", "grpc_tools.protoc", `-I${folder}`, "--python_out=.", "--grpc_python_out=.", "interop.proto"], folder);
  return folder;
}

async function startPythonServer(): Promise<number> {
  const child = spawn("/usr/bin/python3", ["server.py"], { cwd: await pythonFolder(), stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return await new Promise((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => resolve(Number(String(line))));
    child.once("exit", (code) => reject(new Error(`the Python server ended with ${code} before it listened`)));
  });
}

/** How each case went by grpc-js through the gate: `ok`, or why not. */
async function byJs(address: string): Promise<Record<string, string>> {
  const url = `http://${address}`;
  const clients = {
    test: grpcClient(url, file, "grpc.testing.TestService"),
    packed: grpcClient(url, file, "grpc.testing.TestService", undefined, packing),
    nowhere: grpcClient(url, file, "grpc.testing.UnimplementedService"),
  };
  const outcomes: Record<string, string> = {};
  for (const [name, run] of Object.entries(cases))
    outcomes[name] = await run(clients).then(
      () => "ok",
      (error: unknown) => String(error),
    );
  return outcomes;
}

async function byPython(address: string): Promise<Record<string, string>> {
  return JSON.parse(await runPython(["client.py", address], await pythonFolder())) as Record<string, string>;
}

const servers = { "grpc-js": () => startJsServer(file), "python3-grpcio": startPythonServer };
const clients = { "grpc-js": byJs, "python3-grpcio": byPython };

describe("the interoperability cases of gRPC, through the gate", () => {
  for (const [server, start] of Object.entries(servers))
    for (const [client, run] of Object.entries(clients)) {
      const reason = `${client}${server}`.includes("python") ? missing : undefined;
      const title = `go well from ${client} to ${server}`;
      it.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, async () => {
        const { address, gate } = await startGate({ upstreams: { "grpc.testing.*": { to: `127.0.0.1:${await start()}` } } });
        expect(await run(address)).toEqual(allWell);
        // grpc-js never resets the stream of a call that is cancelled as it begins: a server without a gate sees it open, too.
        if (client === "grpc-js") return;
        await eventuallyTrue("nothing is in flight", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
      });
    }
});
