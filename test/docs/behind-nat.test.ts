import { defineService } from "unigate";
import { createWorker } from "unigate/worker";
import { expect, it, onTestFinished } from "vitest";
import { nginxProgram, startNginx } from "../support/nginx.ts";
import { openHttpDoor } from "../support/http-door.ts";
import { blocksOf, follow } from "../support/page.ts";

it("whoever follows docs/behind-nat.md gets what it says", { timeout: 60_000 }, () => follow("docs/behind-nat.md"));

const title = "the nginx settings of docs/behind-nat.md pass links and calls on";
it.skipIf(nginxProgram === undefined)(nginxProgram === undefined ? `${title} (skipped: nginx is not installed)` : title, async () => {
  const { port } = await openHttpDoor(defineService("other", { none: () => 0 }));
  const settings = (await blocksOf("docs/behind-nat.md")).find(({ language }) => language === "nginx")?.text ?? "";
  const nginx = await startNginx(settings.replace("127.0.0.1:9000", `127.0.0.1:${port}`));
  const worker = createWorker({ services: [defineService("s", { twice: (n: number) => 2 * n })], gate: nginx.url.replace("http", "ws") });
  onTestFinished(() => worker.close());
  await worker.start();
  const response = await fetch(`${nginx.url}/call/s.twice`, {
    method: "POST",
    body: "[21]",
    headers: { "content-type": "application/json" },
  });
  expect([response.status, await response.text()]).toEqual([200, "42"]);
});
