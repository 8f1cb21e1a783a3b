import { defineService, method } from "unigate";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openHttpDoor } from "../../../support/http-door.ts";
import { faultsOf, find, type Json } from "./document-faults.ts";

const tree = z.object({
  value: z.string(),
  get children() {
    return z.array(tree);
  },
});

const shop = defineService("shop", {
  get: method(
    { description: "One article.", params: { id: z.string(), full: z.boolean().default(false) }, http: "GET /shop/:id" },
    () => 1,
  ),
  change: method({ params: { key: z.string(), price: z.number() }, http: ["PUT /shop/:key", "PATCH /shop/:key/price"] }, () => 1),
  plant: method({ input: tree, http: "POST /trees" }, () => 1),
  watch: method({ http: "GET /watch" }, async function* () {
    yield 1;
  }),
  file: method({ http: "GET /files/*" }, () => 1),
  odd: method({ params: { rest: z.string(), "a/b~c d": z.number() }, http: "GET /odd/:rest/{x}/*" }, () => 1),
  plain: (a: unknown) => a,
  forest: method({ output: tree, http: "GET /forest" }, () => ({ value: "oak", children: [] })),
  leaves: method({ output: z.number().int() }, async function* () {
    yield 1;
  }),
});

async function documentOf(url: string): Promise<Json> {
  const answer = await fetch(`${url}/openapi.json`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  return answer.json();
}

describe("/openapi.json", () => {
  it("is a sound OpenAPI 3.1 document, whatever methods are called and take", async () => {
    const { url } = await openHttpDoor(shop);
    const document = await documentOf(url);
    expect(faultsOf(document)).toEqual([]);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        "/shop/{id}",
        "/shop/{key}/price",
        "/files/{rest}",
        "/odd/{rest}/%7Bx%7D/{rest_}",
        "/call/shop.plain",
        "/health",
        "/service/{name}",
      ]),
    );
  });

  it("tells which arguments come in the path, the query and the body, and which are needed", async () => {
    const { url } = await openHttpDoor(shop);
    const document = await documentOf(url);
    const parameters = (path: string, verb: string): Json[] =>
      (document.paths[path][verb].parameters ?? []).map((one: Json) => ({
        ...one,
        schema: one.schema.$ref === undefined ? {} : find(document, one.schema.$ref),
      }));
    expect(document.paths["/shop/{id}"].get).toMatchObject({ operationId: "shop.get", tags: ["shop"], description: "One article." });
    expect(parameters("/shop/{id}", "get")).toEqual([
      { name: "id", in: "path", required: true, schema: { type: "string" } },
      { name: "full", in: "query", required: false, schema: { type: "boolean", default: false } },
    ]);
    // Two routes of one path share the names of its parameters.
    expect(parameters("/shop/{id}", "put")).toEqual([{ name: "id", in: "path", required: true, schema: { type: "string" } }]);
    const body = document.paths["/shop/{id}"].put.requestBody.content["application/json"].schema;
    expect([body.required, find(document, body.properties.price.$ref)]).toEqual([["price"], { type: "number" }]);
    expect(parameters("/odd/{rest}/%7Bx%7D/{rest_}", "get").map((one) => [one.name, one.in])).toEqual([
      ["rest", "path"],
      ["rest_", "path"],
      ["a/b~c d", "query"],
    ]);
  });

  it("tells what a method returns, and each value of a stream, when its worker says so", async () => {
    const { url } = await openHttpDoor(shop);
    const document = await documentOf(url);
    const result = (path: string, verb: string, type: string): Json => document.paths[path][verb].responses["200"].content[type].schema;
    const forest = result("/forest", "get", "application/json");
    expect(forest).toEqual({ $ref: "#/components/schemas/shop.forest.result" });
    expect(result("/call/shop.forest", "post", "application/json")).toEqual(forest);
    expect(find(document, forest.$ref)).toMatchObject({ type: "object", properties: { value: { type: "string" } } });
    const leaf = result("/call/shop.leaves", "post", "application/x-ndjson");
    expect(find(document, leaf.$ref)).toMatchObject({ type: "integer" });
    expect(result("/call/shop.plain", "post", "application/json")).toEqual({});
  });

  it("lets a schema refer to itself", async () => {
    const { url } = await openHttpDoor(shop);
    const document = await documentOf(url);
    const { $ref } = document.paths["/trees"].post.requestBody.content["application/json"].schema;
    expect(find(document, $ref)).toMatchObject({ properties: { value: { type: "string" }, children: { items: { $ref } } } });
  });

  it("tells streams by their media types, and errors as problems", async () => {
    const { url } = await openHttpDoor(shop);
    const { paths, components } = await documentOf(url);
    expect(Object.keys(paths["/watch"].get.responses[200].content)).toEqual(["application/x-ndjson", "text/event-stream"]);
    expect(paths["/watch"].get.responses.default).toEqual({ $ref: "#/components/responses/Problem" });
    const problem = (await (await fetch(`${url}/call/shop.none`, { method: "POST" })).json()) as object;
    expect(Object.keys(components.schemas.Problem.properties)).toEqual(expect.arrayContaining(Object.keys(problem)));
  });

  it("follows the workers, and stands below the prefix of the gate's own paths", async () => {
    const { url, join } = await openHttpDoor(shop, { http: { control: "/_gate" } });
    await join(defineService("late", { come: method({ http: "GET /late" }, () => 1) }));
    const document = await documentOf(`${url}/_gate`);
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(["/late", "/_gate/call/late.come", "/_gate/info"]));
    expect((await fetch(`${url}/openapi.json`)).status).toBe(404);
  });

  it("wants a key where the gate has keys, and tells what needs none", async () => {
    const config = { keys: [{ name: "all", key: "secret-secret-secret" }], routes: { "shop.get": { public: true } } };
    const { url } = await openHttpDoor(shop, { config, worker: { key: "secret-secret-secret" } });
    expect((await fetch(`${url}/openapi.json`)).status).toBe(401);
    const document = (await (await fetch(`${url}/openapi.json`, { headers: { "x-gate-key": "secret-secret-secret" } })).json()) as Json;
    expect(faultsOf(document)).toEqual([]);
    expect(document.security).toEqual([{ key: [] }, { bearer: [] }]);
    expect([document.paths["/shop/{id}"].get.security, document.paths["/shop/{id}"].put.security]).toEqual([[], undefined]);
  });

  it("is not there with docs: false", async () => {
    const { url } = await openHttpDoor(shop, { http: { docs: false } });
    expect([(await fetch(`${url}/openapi.json`)).status, (await fetch(`${url}/docs`)).status]).toEqual([404, 404]);
  });
});
