import { Ajv2020 } from "ajv/dist/2020.js";

/** A JSON value that is looked into. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

const httpMethods = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace"]);
const placeholder = /\{([^{}]+)\}/g;

/** What an OpenAPI 3.1 document says that the specification forbids, as far as a reader of what gates write can go wrong. */
export function faultsOf(document: Json): string[] {
  const faults: string[] = [];
  if (!/^3\.1\.\d+$/.test(document.openapi)) faults.push(`openapi: ${document.openapi}`);
  if (typeof document.info?.title !== "string" || typeof document.info.version !== "string") faults.push("info lacks a title or a version");
  faults.push(...pathFaults(document), ...componentFaults(document), ...referenceFaults(document));
  return faults;
}

function pathFaults({ paths, components }: Json): string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  const shapes = new Set<string>();
  for (const [path, item] of Object.entries<Json>(paths)) {
    const shape = path.replaceAll(placeholder, "{}");
    if (!path.startsWith("/") || shapes.has(shape)) faults.push(`${path}: no path of its own`);
    shapes.add(shape);
    for (const [method, operation] of Object.entries<Json>(item)) {
      const at = `${method} ${path}`;
      if (!httpMethods.has(method)) faults.push(`${at}: no HTTP method`);
      if (ids.has(operation.operationId)) faults.push(`${at}: the operationId ${operation.operationId} is taken`);
      ids.add(operation.operationId);
      faults.push(...parameterFaults(at, path, operation.parameters ?? []));
      if (Object.keys(operation.responses ?? {}).length === 0) faults.push(`${at}: no response`);
      for (const schema of schemasOf(operation)) faults.push(...schemaFaults(at, schema, components));
    }
  }
  return faults;
}

function parameterFaults(at: string, path: string, parameters: Json[]): string[] {
  const inTemplate = [...path.matchAll(placeholder)].map(([, name = ""]) => name);
  const inPath = parameters.filter((one) => one.in === "path");
  const names = inPath.map(({ name }) => name as string);
  const faults = inPath.every(({ required }) => required === true) ? [] : [`${at}: a parameter of the path is not required`];
  if (names.join() !== inTemplate.join()) faults.push(`${at}: has parameters ${names.join()}, its path ${inTemplate.join()}`);
  const keys = parameters.map((one) => `${one.in} ${one.name}`);
  if (new Set(keys).size < keys.length) faults.push(`${at}: a parameter twice`);
  return faults;
}

function schemasOf({ parameters = [], requestBody, responses }: Json): Json[] {
  const bodies = [requestBody, ...Object.values<Json>(responses)].flatMap((body) => Object.values<Json>(body?.content ?? {}));
  return [...parameters, ...bodies].map(({ schema }) => schema);
}

function componentFaults({ components }: Json): string[] {
  const faults: string[] = [];
  for (const [name, schema] of Object.entries<Json>(components.schemas)) {
    if (!/^[\w.-]+$/.test(name)) faults.push(`components.schemas: ${name} is no name`);
    faults.push(...schemaFaults(`components.schemas.${name}`, schema, components));
  }
  return faults;
}

function schemaFaults(at: string, schema: Json, components: Json): string[] {
  try {
    new Ajv2020({ strict: false }).compile({ components, ...schema });
    return [];
  } catch (error) {
    return [`${at}: ${(error as Error).message}`];
  }
}

function referenceFaults(document: Json): string[] {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference = ""]) => reference);
  return references.filter((reference) => find(document, reference) === undefined).map((reference) => `${reference} leads nowhere`);
}

/** What a reference of a document leads to. */
export function find(document: Json, reference: string): Json {
  const [root, ...names] = reference.split("/");
  if (root !== "#") return undefined;
  return names.reduce<Json>((part, name) => part?.[decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~")], document);
}
