/** The services of a gRPC server whose .proto the caller does not have: the server tells them by reflection, as grpcurl asks for them. */
import type { DescMethod } from "@bufbuild/protobuf";
import type { MethodInfo, ServiceStatus } from "unigate/transport";
import type { ClientCallOptions } from "./client-call.ts";
import { openSession } from "./open-session.ts";
import { describeServices, listServices } from "./reflection.ts";

/** Its service by which a gate tells what its workers serve. */
const gateService = "gate.v1.Gate";

/**
 * Lists the services of the server at `grpc(s)://host:port`, each method as `package.Service/Method` with the type of its input; undefined
 * when it is a gate, which tells more by itself. Rejects with `unavailable` when nobody answers, `unimplemented` without reflection.
 */
export async function listByReflection(url: URL, options: ClientCallOptions = {}): Promise<ServiceStatus[] | undefined> {
  const session = await openSession(url);
  try {
    const names = await listServices(session, options);
    if (names.includes(gateService)) return undefined;
    const registry = await describeServices(session, names, options);
    return names.map((name) => ({ name, workers: 1, methods: (registry.getService(name)?.methods ?? []).map(infoOf) }));
  } finally {
    session.destroy();
  }
}

function infoOf({ parent, name, input, methodKind }: DescMethod): MethodInfo {
  const info: MethodInfo = { name: `${parent.typeName}/${name}`, params: [input.typeName] };
  if (methodKind === "server_streaming" || methodKind === "bidi_streaming") info.stream = true;
  return info;
}
