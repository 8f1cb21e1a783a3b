import { defineService, method } from "unigate";
import { inspectRedis, redisJobs } from "unigate/redis";
import type { AsyncJobStatus } from "unigate/transport";
import { expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { monitorRedis, type SeenCommand } from "../../support/redis-monitor.ts";
import { RedisWorld } from "../../support/redis-world.ts";

/** The oldest version that the docs promise. */
const oldest = [6, 2];

/** What `COMMAND DOCS` says of a command, or of one argument. */
interface Documented {
  name?: string;
  since?: string;
  token?: string;
  arguments?: Documented[];
  subcommands?: Record<string, Documented>;
}

const service = defineService("s", {
  echo: (value: unknown) => value,
  wait: () => new Promise(() => {}),
  count: method({ idempotent: true }, function* () {
    for (let at = 0; at < 200; at++) yield at;
  }),
});

function isNewer(since: string | undefined): boolean {
  const [major = 0, minor = 0] = (since ?? "0.0").split(".").map(Number);
  return major > oldest[0]! || (major === oldest[0] && minor > oldest[1]!);
}

/** A list of names and values, as a record, all the way down. */
function read(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length > 0 && value.length % 2 === 0 && value.every((one, at) => at % 2 === 1 || typeof one === "string"))
    return Object.fromEntries(value.flatMap((one, at) => (at % 2 === 0 ? [[one as string, read(value[at + 1])]] : [])));
  return value.map(read);
}

function tokensOf({ token, since, arguments: inner = [] }: Documented): { token: string; since: string | undefined }[] {
  return [...(token === undefined ? [] : [{ token, since }]), ...inner.flatMap(tokensOf)];
}

/** What of `seen` came after the oldest version: commands, and words that only an argument of that name can be. */
function newerThanOldest({ name, args }: SeenCommand, docs: Record<string, Documented>): string[] {
  const command = docs[name];
  if (command === undefined) return [`${name}: not documented`];
  const about = command.subcommands?.[`${name}|${args[0]?.toLowerCase()}`] ?? command;
  const words = new Set(args.map((arg) => arg.toUpperCase()));
  const tokens = tokensOf(about).filter(({ token, since }) => isNewer(since) && words.has(token));
  return [...(isNewer(about.since) ? [`${name} ${about.since}`] : []), ...tokens.map(({ token, since }) => `${name} ${token} ${since}`)];
}

it("Redis is asked nothing that 6.2 does not know: calls, streams, cancellation, pushing, lost workers, kept jobs", async (context) => {
  await using world = await RedisWorld.create();
  const { client: raw, port } = world.server;
  const docs = await raw.call("COMMAND", "DOCS").then(
    (reply) => read(reply) as Record<string, Documented>,
    () => undefined,
  );
  if (docs === undefined) return context.skip("this server does not say since when it knows its commands");
  const { commands, stop } = await monitorRedis(port);

  const jobs = { store: redisJobs({ url: world.url }) };
  const gate = await world.gate({}, { jobs, routes: { "s.*": {} } });
  await world.gate({ delivery: "push" });
  const first = await world.worker(service);
  const client = await world.clientOf(gate);
  await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "s"));
  expect(await client.call("s.echo", [1])).toBe(1);
  expect(await client.call("s.count")).toHaveLength(200);
  expect(await (await world.client()).call("s.echo", [2])).toBe(2);
  const { id } = await client.call<AsyncJobStatus>("Gate.submit", ["s.echo", [3]]);
  await eventuallyTrue("the job is completed", async () => (await client.call<AsyncJobStatus>("Gate.job", [id])).state === "completed");
  const cancelled = new AbortController();
  const call = Promise.resolve(client.call("s.wait", [], { signal: cancelled.signal }));
  await eventuallyTrue("a worker has it", async () => (await raw.xpending("gate:{s}:jobs", "workers"))[0] === 1);
  cancelled.abort();
  await expect(call).rejects.toMatchObject({ code: "cancelled" });
  // A consumer that nobody is: taken for a lost worker, and its jobs are dealt with.
  await raw.xgroup("CREATECONSUMER", "gate:{s}:jobs", "workers", "nobody");
  await first.close();
  await eventuallyTrue("lost workers are looked for", () => commands.some(({ name }) => name === "xinfo"));
  await inspectRedis(world.url);
  stop();

  const ours = commands.filter(({ name, args }) => !(name === "command" || args[0]?.toUpperCase() === "CREATECONSUMER"));
  expect(ours.map(({ name }) => name)).toEqual(expect.arrayContaining(["evalsha", "xadd", "xreadgroup", "xread", "xack", "xinfo"]));
  expect([...new Set(ours.flatMap((seen) => newerThanOldest(seen, docs)))]).toEqual([]);
});
