import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { kitchen, webWorld } from "./web-world.ts";

const executablePath = "/usr/bin/chromium";
const missing = existsSync(executablePath) ? undefined : `${executablePath} is not installed (apt-get install chromium)`;
const title = "a page of another origin calls by connect-web and by grpc-web in its text mode, streams included";

it.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (skipped: ${missing})`, { timeout: 60_000 }, async () => {
  const script = await build({
    entryPoints: [new URL("page.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2024",
  });
  const pages = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script.outputFiles[0]!.text : '<!doctype html><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void pages.close());
  const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  const url = await webWorld({ origin });
  const set = create(FileDescriptorSetSchema, { file: [...(await loadProtos([kitchen])).files].map(({ proto }) => proto) });
  const descriptors = Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString("base64");

  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(origin);
  const heard = await page.evaluate(`run(${JSON.stringify(url)}, ${JSON.stringify(descriptors)})`);
  expect(heard).toEqual({
    said: "hi page",
    numbers: [1, 2, 3, 4, 5],
    failure: { code: 9, text: "not today: ü" },
    text: { numbers: [1, 2, 3], code: 0 },
  });
});
