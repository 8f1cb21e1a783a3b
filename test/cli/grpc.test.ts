import { connect, defineService } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ServiceStatus } from "unigate/transport";
import { loadProtos } from "../../transports/grpc/protos/load-protos.ts";
import { eventuallyTrue } from "../support/eventually.ts";
import { gate, GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";
import { reflectingServer } from "../transports/grpc/native/reflecting-server.ts";
import { kitchenServer } from "../transports/grpc/native/upstream.ts";
import { nativeWorld } from "../transports/grpc/native/native-world.ts";

const kitchen = new URL("../transports/grpc/native/protos/kitchen.proto", import.meta.url).pathname;

interface Line {
  text: string;
  number: number;
}

async function world(): Promise<Awaited<ReturnType<typeof nativeWorld>>> {
  const service = defineService("Kitchen", {
    say: ({ text, number }: Line) => ({ text: `${text}!`, number }),
    async *count({ number }: Line) {
      for (let at = 1; at <= number; at++) yield { number: at };
    },
  });
  return nativeWorld(service, { port: { protos: await loadProtos([kitchen]) } });
}

describe("a grpc:// URL", () => {
  it("is that of a gate for a client, for gate list and for gate call", async () => {
    const { url } = await world();
    const client = connect(url);
    onTestFinished(() => client.close());
    expect(await client.call("Kitchen.say", [{ text: "hi", number: 1 }])).toEqual({ text: "hi!", number: 1 });
    const list = await gate(["list", "--gate", url, "--json"]);
    expect(list.stdout).toContain("Kitchen.say");
    expect((await gate(["call", "Kitchen.say", "--gate", url, "--args", '{"text":"a","number":2}'])).stdout).toBe(
      '{"text":"a!","number":2}\n',
    );
  });

  it("is that of a gate for gate worker", async () => {
    const { url, gate: running } = await world();
    const folder = await workspace({ "handlers.ts": 'export const hello = (name: string) => "hello " + name;\n' });
    const worker = new GateProcess(["worker", `${folder}/handlers.ts`, "--gate", url]);
    await eventuallyTrue("it has joined", () => running.status.services().some(({ name }) => name === "handlers"));
    expect((await gate(["call", "handlers.hello", "Ada", "--gate", url])).stdout).toBe('"hello Ada"\n');
    worker.signal("SIGTERM");
    expect(await worker.exit).toBe(0);
  });

  it("that nobody answers is told as such", async () => {
    const refused = await gate(["call", "a.B/C", "--gate", "grpc://127.0.0.1:9", "--timeout", "2s"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("cannot reach a gRPC server at grpc://127.0.0.1:9");
  });
});

describe("gate list at a gRPC server that is no gate", () => {
  it("shows its services by reflection, each method with the type of its input", async () => {
    const protos = await loadProtos([kitchen]);
    const url = `grpc://${await reflectingServer(() => protos)}`;
    const { stdout, stderr } = await gate(["list", "--gate", url, "--json"]);
    expect(stderr).toBe("");
    const services = JSON.parse(stdout) as ServiceStatus[];
    const said = services.find(({ name }) => name === "kitchen.v1.Kitchen")?.methods;
    expect(said).toContainEqual({ name: "kitchen.v1.Kitchen/Say", params: ["kitchen.v1.Line"] });
    expect(said).toContainEqual({ name: "kitchen.v1.Kitchen/Count", params: ["kitchen.v1.Line"], stream: true });
  });

  it("says what is wrong when nobody is there, and when the server tells nothing", async () => {
    const nobody = await gate(["list", "--gate", "grpc://127.0.0.1:9"]);
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("cannot reach a gRPC server at grpc://127.0.0.1:9")]);
    const silent = await gate(["list", "--gate", `grpc://127.0.0.1:${await kitchenServer(kitchen)}`]);
    expect([silent.code, silent.stderr]).toEqual([1, expect.stringContaining("is no gate and has no reflection")]);
  });
});

describe("gate call package.Service/Method", () => {
  it("asks the server for its messages by reflection, and calls it", async () => {
    const { url } = await world();
    const said = await gate(["call", "kitchen.v1.Kitchen/Say", "--gate", url, "-d", '{"text":"hi","number":3}']);
    expect(said.stderr).toBe("");
    expect(said.stdout).toBe('{"text":"hi!","number":3}\n');
    const own = await gate(["call", "gate.v1.Gate/Discover", "--gate", url]);
    expect(own.stdout).toContain("Kitchen.say");
  });

  it("prints a stream as one value per line", async () => {
    const { url } = await world();
    const { stdout } = await gate(["call", "kitchen.v1.Kitchen/Count", "--gate", url, "-d", '{"number":3}']);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as Line).number),
    ).toEqual([1, 2, 3]);
  });

  it("tells what is wrong with a name, a message and a URL", async () => {
    const { url } = await world();
    const name = await gate(["call", "kitchen.v1.Kitchen/Sai", "--gate", url]);
    expect(name.code).toBe(1);
    expect(name.stderr).toContain("did you mean kitchen.v1.Kitchen/Say?");
    const message = await gate(["call", "kitchen.v1.Kitchen/Say", "--gate", url, "-d", '{"number":"many"}']);
    expect(message.code).toBe(1);
    expect(message.stderr).toContain("invalid_argument");
    const carrier = await gate(["call", "kitchen.v1.Kitchen/Say", "--gate", "tcp://127.0.0.1:1"]);
    expect(carrier.code).toBe(2);
    expect(carrier.stderr).toContain("--gate grpc://");
  });
});
