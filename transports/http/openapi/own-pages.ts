import { type Operation, problemResponse } from "./operations.ts";

interface OwnPage {
  method: "get" | "post" | "delete";
  path: string;
  summary: string;
  /** Those of its path stand in braces. */
  query?: readonly string[];
  /** It asks for no key. */
  isPublic?: boolean;
}

const pages: readonly OwnPage[] = [
  { method: "get", path: "/health", summary: "Whether the process lives", isPublic: true },
  { method: "get", path: "/ready", summary: "Whether the gate takes jobs; 503 while it starts or drains", isPublic: true },
  { method: "get", path: "/info", summary: "The gate at a glance" },
  { method: "get", path: "/services", summary: "Which services there are, and their methods" },
  { method: "get", path: "/service/{name}", summary: "The instances of one service" },
  { method: "post", path: "/register", summary: "Registers or refreshes an instance of a service that speaks HTTP" },
  { method: "delete", path: "/register", summary: "Takes an instance out", query: ["name", "service"] },
  { method: "get", path: "/routes", summary: "The routes as configured" },
  { method: "get", path: "/workers", summary: "The workers, and what each is doing" },
  { method: "get", path: "/queues", summary: "The jobs that wait for room" },
  { method: "get", path: "/jobs/{id}", summary: "A kept job; waits for its end with `Prefer: wait`" },
  { method: "delete", path: "/jobs/{id}", summary: "Cancels a kept job" },
  { method: "get", path: "/jobs/{id}/result", summary: "What the call would have given" },
];

/** The gate's own paths: each with its HTTP method, and what is told of it. */
export function ownPages(): { path: string; method: string; operation: Operation }[] {
  return pages.map(({ method, path, summary, query = [], isPublic }) => {
    const parameters = [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } })),
      ...query.map((name) => ({ name, in: "query", required: true, schema: { type: "string" } })),
    ];
    const operation = {
      tags: ["gate"],
      summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(method === "post" ? { requestBody: { required: true, content: { "application/json": { schema: { type: "object" } } } } } : {}),
      responses: {
        200: { description: "As asked", content: { "application/json": { schema: {} } } },
        default: { $ref: problemResponse },
      },
      ...(isPublic === true ? { security: [] } : {}),
    };
    return { path, method, operation };
  });
}
