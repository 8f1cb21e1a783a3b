import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inputSchemaOf, outputSchemaOf } from "../../../src/worker/json-schema.ts";

const number = z.number();

describe("the JSON Schema of what a method takes", () => {
  it("is that of its one argument", () => {
    expect(inputSchemaOf({ input: z.object({ text: z.string().min(1), size: number.default(2) }) })).toEqual({
      type: "object",
      properties: { text: { type: "string", minLength: 1 }, size: { type: "number", default: 2 } },
      required: ["text"],
    });
  });

  it("is one object of its params, in which those with a default may be left out", () => {
    const params = { text: z.string(), size: number.default(2), note: z.string().optional() };
    expect(inputSchemaOf({ params })).toEqual({
      type: "object",
      properties: { text: { type: "string" }, size: { type: "number", default: 2 }, note: { type: "string" } },
      required: ["text"],
    });
  });

  it("lets params take anything that JSON Schema cannot say, or that refers to itself", () => {
    const tree = z.object({
      get children() {
        return z.array(tree);
      },
    });
    const slow = z.string().refine(() => Promise.resolve(true));
    expect(inputSchemaOf({ params: { at: z.date(), tree, slow } })).toEqual({
      type: "object",
      properties: { at: {}, tree: {}, slow: { type: "string" } },
      required: ["at", "tree", "slow"],
    });
  });

  it("is missing where there is none, where the library shows none, and above 16 KiB", () => {
    expect(inputSchemaOf({})).toBeUndefined();
    expect(inputSchemaOf({ input: z.date() })).toBeUndefined();
    expect(inputSchemaOf({ input: { "~standard": { version: 1, vendor: "plain", validate: (value) => ({ value }) } } })).toBeUndefined();
    expect(inputSchemaOf({ input: z.literal("x".repeat(17 * 1024)) })).toBeUndefined();
  });
});

describe("the JSON Schema of what a method returns", () => {
  it("is that of the values which its schema gives, not of those that it takes", () => {
    expect(outputSchemaOf({ output: z.object({ size: z.number().default(2) }) })).toMatchObject({
      properties: { size: { type: "number" } },
      required: ["size"],
    });
    expect(outputSchemaOf({})).toBeUndefined();
    expect(outputSchemaOf({ output: z.date() })).toBeUndefined();
  });
});
