import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { connect, GateError } from "unigate/client";
import type { GateSettings } from "unigate/config";
import type { Finding } from "./finding.ts";

/** How long whoever holds a port may take to show that it is a gate, in ms. */
const patienceMs = 1500;

/** Whether each address of a config can be opened, and who is there already. */
export async function portFindings({ transports, keys }: GateSettings): Promise<Finding[]> {
  const urls = transports.flatMap((transport) => (transport.addresses?.() ?? []).map(({ url }) => url));
  const findings = await Promise.all(urls.map(async (url) => await portFinding(url)));
  return [...findings.flat(), ...(keys.length === 0 ? exposed(urls) : [])];
}

async function portFinding(address: string): Promise<Finding[]> {
  const url = URL.parse(address);
  const port = Number(url?.port);
  // Redis is somebody else's port, a path or port 0 nobody else's.
  if (url === null || /^(rediss?|ipc):$/.test(url.protocol) || port === 0) return [];
  const check = `port ${port}`;
  const fault = await tryToListen(hostOf(url), port);
  if (fault === undefined) return [{ check, state: "good", found: `free for ${address}` }];
  if (fault.code === "EACCES")
    return [
      { check, state: "broken", found: `${address} is not for every user`, remedy: "take a port from 1024 up, or give Node.js the right" },
    ];
  if (fault.code !== "EADDRINUSE")
    return [{ check, state: "broken", found: `${address} cannot be opened: ${fault.message}`, remedy: "name an address of this machine" }];
  if (await isGate(address)) return [{ check, state: "good", found: `a gate answers at ${address}` }];
  const holder = (await holderOf(port)) ?? "another program";
  return [{ check, state: "broken", found: `${address} is taken by ${holder}`, remedy: "stop it, or give the transport another port" }];
}

function hostOf({ hostname }: URL): string {
  return hostname === "*" ? "0.0.0.0" : hostname.replace(/^\[(.*)\]$/, "$1");
}

function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

/** A gate that wants a key is one too. */
async function isGate(address: string): Promise<boolean> {
  const client = connect(address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:"));
  try {
    await client.call("Gate.info", [], { timeout: patienceMs });
    return true;
  } catch (error) {
    return ["unauthenticated", "permission_denied"].includes(GateError.from(error).code);
  } finally {
    await client.close();
  }
}

/** Name and number of the process that listens on a port, as far as Linux tells. */
async function holderOf(port: number): Promise<string | undefined> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")));
  const inodes = new Set(tables.flatMap((table) => table.split("\n")).flatMap((line) => listenerOn(line, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      if (inodes.has(target)) return `${(await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "process")).trim()} (${pid})`;
    }
  }
  return undefined;
}

/** A line of /proc/net/tcp: its socket, when it listens on the port. */
function listenerOn(line: string, port: number): string[] {
  const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
  const isListening = state === "0A" && Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16) === port;
  return isListening ? [`socket:[${inode}]`] : [];
}

function exposed(urls: readonly string[]): Finding[] {
  const open = urls.filter((address) => {
    const url = URL.parse(address);
    return url !== null && !/^(rediss?|ipc):$/.test(url.protocol) && !/^(127\.|localhost$|\[::1\]$)/.test(url.hostname);
  });
  if (open.length === 0) return [];
  return [
    {
      check: "keys",
      state: "warning",
      found: `there is none: whoever reaches ${open.join(" or ")} may call, serve and steer`,
      remedy: "gate keys generate makes one",
    },
  ];
}
