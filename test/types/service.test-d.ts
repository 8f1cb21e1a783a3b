import { get, post, service } from "unigate/service";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

interface Calc {
  add(a: number, b: number): number;
  user(id: string): Promise<{ name: string }>;
}

describe("service<Calc>", () => {
  const calc = service<Calc>(
    "calc",
    { add: get("/add/{a}/{b}"), user: get("/user/{id}", { response: z.object({ name: z.string() }) }) },
    { servers: [] },
  );

  it("answers every method with a promise of what the interface says", () => {
    expectTypeOf(calc.add).toEqualTypeOf<(a: number, b: number) => Promise<number>>();
    expectTypeOf(calc.user).toEqualTypeOf<(id: string) => Promise<{ name: string }>>();
  });

  it("wants every method, and a schema of the right result", () => {
    // @ts-expect-error user is missing
    service<Calc>("calc", { add: get("/add/{a}/{b}") });
    // @ts-expect-error add gives a number
    service<Calc>("calc", { add: post("/add", { response: z.string() }), user: get("/user/{id}") });
  });
});
