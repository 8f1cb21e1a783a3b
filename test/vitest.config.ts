import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  exports: Record<string, Record<string, string> | string>;
};

/** Tests in this process read the sources behind the package's own front doors; spawned processes run what was built. */
const alias = Object.entries(manifest.exports).flatMap(([path, target]) => {
  const source = typeof target === "string" ? undefined : target["unigate:source"];
  return source === undefined
    ? []
    : [{ find: new RegExp(`^${path.replace(".", "unigate").replaceAll("/", "\\/")}$`), replacement: new URL(source, root).pathname }];
});

export default defineConfig({
  root: root.pathname,
  resolve: { alias },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/bench/node_modules/**"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 2,
    // Whoever runs the tests may have a gate of their own in use.
    env: {
      XDG_CONFIG_HOME: new URL("scratch/config", root).pathname,
      XDG_CACHE_HOME: new URL("scratch/cache", root).pathname,
      GATE_CONTEXT: "",
      GATE_URL: "",
      GATE_KEY: "",
    },
    typecheck: { enabled: false },
  },
});
