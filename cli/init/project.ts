/** The files of a new project, as texts. */

/** A way into the gate that a project may have. */
export type Carrier = "http" | "zmq" | "grpc";

/** Each carrier with what it is for, how its factory is called, and where a client finds it then. */
export const carriers: Readonly<Record<Carrier, { title: string; hint: string; call: string; url: string }>> = {
  http: { title: "HTTP", hint: "callers, web pages, and links over WebSocket", call: "http({ port: 9000 })", url: "ws://127.0.0.1:9000" },
  zmq: {
    title: "ZeroMQ",
    hint: "clients and workers, at the highest speed",
    call: 'zmq({ bind: "tcp://127.0.0.1:5555" })',
    url: "tcp://127.0.0.1:5555",
  },
  grpc: {
    title: "gRPC",
    hint: "gRPC clients and servers, workers in other languages",
    call: "grpc({ port: 50051 })",
    url: "grpc://127.0.0.1:50051",
  },
};

/** What a project is made of. */
export interface Choices {
  service: string;
  carriers: readonly Carrier[];
}

/** The default answers. */
export const defaults: Choices = { service: "greeter", carriers: ["http", "zmq"] };

/** How its sources end: `.mts` is an ES module whatever package.json says of the others. */
export type Extension = "ts" | "mts";

/** Files that a project is made of, by name. */
export function projectFiles(choices: Choices, extension: Extension): Readonly<Record<string, string>> {
  return { [`gate.config.${extension}`]: config(choices), [`handlers.${extension}`]: handlers(choices) };
}

/** What `npm run` knows. */
export function scripts(extension: Extension): Readonly<Record<string, string>> {
  const file = `handlers.${extension}`;
  return { dev: `gate dev ${file}`, start: `gate serve --worker ${file}`, check: `gate check --worker ${file}` };
}

/** For editors and `tsc`: Node runs the sources as they are. */
export const tsconfig: object = {
  compilerOptions: {
    target: "es2024",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  },
};

function config({ service, carriers: chosen }: Choices): string {
  const imports = chosen.map((one) => `import { ${one} } from "unigate/${one}";`);
  return `import { defineConfig, roundRobin } from "unigate";
${imports.join("\n")}

export default defineConfig({
  transports: [${chosen.map((one) => carriers[one].call).join(", ")}],
  routes: {
    "${service}.*": { strategy: roundRobin(), timeout: "30s" },
  },
});
`;
}

function handlers({ service }: Choices): string {
  return `/** Every exported function is a method: \`${service}.hello\`. */
export const service = "${service}";

export function hello(name = "world") {
  return \`Hello, \${name}\`;
}

/** A generator is a stream. */
export async function* count(to: number) {
  for (let n = 1; n <= to; n++) yield n;
}
`;
}
