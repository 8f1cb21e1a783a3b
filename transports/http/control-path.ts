/** Paths of the gate itself, after the control prefix. `/call/`, `/jobs/` and `/service/` take in everything below them. */
const controlPaths: ReadonlySet<string> = new Set([
  "/health",
  "/ready",
  "/routes",
  "/services",
  "/service",
  "/workers",
  "/queues",
  "/info",
  "/register",
  "/svc",
  "/link",
  "/call",
  "/jobs",
  "/openapi.json",
  "/docs",
]);

/** The gate's own path that `path`, without the prefix, is or is below; undefined when it is none. */
export function controlPathOf(path: string): string | undefined {
  const slash = path.indexOf("/", 1);
  const first = slash < 0 ? path : path.slice(0, slash);
  return controlPaths.has(first) ? first : undefined;
}
