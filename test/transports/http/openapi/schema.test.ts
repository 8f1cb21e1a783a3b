import { describe, expect, it } from "vitest";
import { embed } from "../../../../transports/http/openapi/schema.ts";

const home = "#/components/schemas/a";

describe("a schema that becomes part of a document", () => {
  it("finds its own parts where it stands, and says no more that it is a document", () => {
    const schema = { $schema: "x", $id: "https://a", $ref: "#/$defs/n", anyOf: [{ $ref: "#" }], $defs: { n: { $ref: "https://b#/c" } } };
    expect(embed(schema, home)).toEqual({ $ref: `${home}/$defs/n`, anyOf: [{ $ref: home }], $defs: { n: { $ref: "https://b#/c" } } });
  });

  it("keeps properties that are called like keywords, and data that looks like a schema", () => {
    const schema = { properties: { $id: { type: "string" }, default: { $ref: "#" } }, default: { $ref: "#" }, enum: [{ $id: 1 }] };
    expect(embed(schema, home)).toEqual({ ...schema, properties: { $id: { type: "string" }, default: { $ref: home } } });
  });

  it("takes any value where it is deeper than anybody reads", () => {
    let schema: object = { type: "string" };
    for (let depth = 0; depth < 100_000; depth++) schema = { items: schema };
    expect(JSON.stringify(embed(schema, home)).length).toBeLessThan(1000);
  });
});
