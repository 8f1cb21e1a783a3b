import { describe, expect, it } from "vitest";
import { freePort, GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const config = `import { defineConfig } from "unigate"; import { http } from "unigate/http";
export default defineConfig({ transports: [http({ port: Number(process.env["HTTP_PORT"]) })] });`;

/** Starts a gate that keeps there what it compiles, and tells of it; resolves when it answers. */
async function serve(folder: string, cache: string): Promise<GateProcess> {
  const port = await freePort();
  const gate = new GateProcess(["serve"], {
    cwd: folder,
    env: { XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: "", NODE_DEBUG_NATIVE: "COMPILE_CACHE", HTTP_PORT: String(port) },
  });
  await gate.says(/ready in/);
  await fetch(`http://127.0.0.1:${port}/health`);
  return gate;
}

describe("what a gate has compiled", () => {
  it("serves its next start, TypeScript included, even when it was killed", async () => {
    const folder = await workspace({ "gate.config.ts": config });
    const first = await serve(folder, `${folder}/cache`);
    await first.kill();
    const second = await serve(folder, `${folder}/cache`);
    expect(second.stderr).toMatch(/retrieving transpile cache for StrippedTypeScript .*gate\.config\.ts\.\.\.success/);
    expect(second.stderr).toMatch(/V8 code cache for ESM .*cli\/run\.js was accepted/);
    expect(second.stderr).toContain(`${folder}/cache/unigate/`);
  });

  it("is forgotten where it cannot be written, and the gate answers all the same", async () => {
    const folder = await workspace({ "gate.config.ts": config, "no-folder": "" });
    const gate = await serve(folder, `${folder}/no-folder`);
    expect(gate.stderr).not.toContain("writing cache for");
  });
});
