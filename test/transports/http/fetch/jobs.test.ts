import { describe, expect, it } from "vitest";
import { ask, handlerOf, post } from "./fetch-world.ts";

describe("a fetch handler", () => {
  it("keeps jobs whose callers do not wait, and shows what came of them", async () => {
    const handle = handlerOf();
    const accepted = await handle(post("/call/t.echo?mode=async", [1, "two"]));
    expect(accepted.status).toBe(202);
    const location = accepted.headers.get("location") as string;
    const page = await handle(ask(location, { headers: { prefer: "wait=10" } }));
    expect(await page.json()).toMatchObject({ state: "completed", result: [1, "two"] });
    const result = await handle(ask(`${location}/result`));
    expect([result.status, await result.json()]).toEqual([200, [1, "two"]]);
    expect((await handle(ask(location, { method: "DELETE" }))).status).toBe(200);
    expect((await handle(ask("/jobs/nope"))).status).toBe(404);
  });
});
