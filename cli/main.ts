#!/usr/bin/env node
// Nothing else is imported before this check: on an older Node the rest may not even parse.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`gate needs Node.js 22.18 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  if (process.argv[2] === "serve") (await import("./serving/young-objects.ts")).holdYoungObjects();
  const { keepCompiled } = await import("./compile-cache.ts");
  keepCompiled();
  const { run } = await import("./run.ts");
  await run(process.argv.slice(2));
}
