import { currentJob, defineService } from "unigate";
import { tracing } from "unigate/plugins/tracing";
import { expect, it } from "vitest";
import { openHttpDoor } from "../support/http-door.ts";

it("a gate whose program registers no provider of OpenTelemetry passes traces on as they came", async () => {
  const echo = defineService("echo", { headers: () => ["traceparent", "tracestate"].map((key) => currentJob().metadata.get(key)) });
  const { url } = await openHttpDoor(echo, { config: { plugins: [tracing()] } });
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "v=1" };
  const traced = await fetch(`${url}/call/echo.headers`, { method: "POST", headers });
  expect(await traced.json()).toEqual([headers.traceparent, headers.tracestate]);
  const untraced = await fetch(`${url}/call/echo.headers`, { method: "POST" });
  expect(await untraced.json()).toEqual([null, null]);
});
