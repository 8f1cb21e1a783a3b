import { cp, readFile } from "node:fs/promises";
import { currentJob, defineService } from "unigate";
import { GateError } from "unigate/client";
import { expect, it } from "vitest";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { pythonGrpcMissing, runPython } from "../../../support/python-grpc.ts";
import { workspace } from "../../../support/workspace.ts";
import { nativeWorld } from "./native-world.ts";

const missing = pythonGrpcMissing();
const root = new URL("../../../../", import.meta.url).pathname;
const protos = new URL("protos/", import.meta.url).pathname;

interface Line {
  text: string;
  number: number;
}

const program = `
import json, sys
import grpc
import gate_pb2, gate_pb2_grpc, kitchen_pb2, kitchen_pb2_grpc

channel = grpc.insecure_channel(sys.argv[1])
kitchen = kitchen_pb2_grpc.KitchenStub(channel)
gate = gate_pb2_grpc.GateStub(channel)
Line = kitchen_pb2.Line

def failure():
    try:
        kitchen.Say(Line(text="fail"))
    except grpc.RpcError as error:
        return [error.code().name, error.details()]

dish = kitchen_pb2.Dish(name="soup", big=-2**60, raw=b"\\x00\\xff", course=2, amount=1.5, tags=["a"])
dish.at.FromJsonString("2023-11-14T22:13:20Z")
dish.extra.Pack(Line(text="inside"))
cooked = kitchen.Cook(dish)
reply = gate.Call(gate_pb2.CallRequest(target="Kitchen.say", payload=b'{"text":"json","number":1}'))
print(json.dumps({
    "say": kitchen.Say(Line(text="hi", number=1), metadata=[("x-name", "py")], compression=grpc.Compression.Gzip, timeout=5).text,
    "failure": failure(),
    "count": [line.number for line in kitchen.Count(Line(number=300))],
    "collect": kitchen.Collect(Line(number=at) for at in range(200)).number,
    "chat": [line.text for line in kitchen.Chat(iter([Line(text="a"), Line(text="b")]))],
    "cook": cooked == dish,
    "call": json.loads(reply.payload),
    "discover": [service.name for service in gate.Discover(gate_pb2.DiscoverRequest()).services],
}))
`;

const title = "generated Python clients call a worker in every way, and the gate by gate.proto";

it.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (skipped: ${missing})`, async () => {
  const service = defineService("Kitchen", {
    say: ({ text }: Line) => {
      if (text === "fail") throw new GateError("out_of_range", "too far: ü");
      return { text: `${text} ${currentJob().metadata.get("x-name") ?? ""}` };
    },
    cook: (dish: unknown) => dish,
    async *count({ number }: Line) {
      for (let at = 1; at <= number; at++) yield { number: at };
    },
    async collect() {
      let number = 0;
      for await (const chunk of currentJob().input) number += (JSON.parse(Buffer.from(chunk).toString()) as Line).number;
      return { number };
    },
    async *chat() {
      for await (const chunk of currentJob().input) yield { text: `re: ${(JSON.parse(Buffer.from(chunk).toString()) as Line).text}` };
    },
  });
  const kitchen = `${protos}kitchen.proto`;
  const { url } = await nativeWorld(service, { port: { protos: await loadProtos([kitchen]) } });
  const folder = await workspace({
    "client.py": program,
    // Debian's protoc is older than `optional` in proto3, and needs no google.api to make messages.
    "kitchen.proto": (await readFile(kitchen, "utf8"))
      .replace("optional string", "string")
      .replace(/option \(google\.api\.http\)[\s\S]*?\n {4}\};/, "")
      .replace('import "google/api/annotations.proto";', ""),
  });
  await cp(`${protos}shelf.proto`, `${folder}/shelf.proto`);
  await cp(`${root}transports/grpc/gate.proto`, `${folder}/gate.proto`);
  const files = ["kitchen.proto", "shelf.proto", "gate.proto"];
  await runPython(["-m", "grpc_tools.protoc", `-I${folder}`, "--python_out=.", "--grpc_python_out=.", ...files], folder);
  expect(JSON.parse(await runPython(["client.py", new URL(url).host], folder))).toEqual({
    say: "hi py",
    failure: ["OUT_OF_RANGE", "too far: ü"],
    count: Array.from({ length: 300 }, (_, at) => at + 1),
    collect: (200 * 199) / 2,
    chat: ["re: a", "re: b"],
    cook: true,
    call: { text: "json " },
    discover: ["Kitchen"],
  });
});
