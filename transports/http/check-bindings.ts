import { type BoundTarget, type ConfigFault, parseBinding } from "unigate/transport";
import { controlPathOf } from "./control-path.ts";

/** The bindings of a config whose paths are the gate's own under the control prefix of `options`, which may have faults themselves. */
export function checkBindings(options: { control?: string } | null, bound: readonly BoundTarget[] = []): ConfigFault[] {
  const control = options?.control ?? "";
  return bound.flatMap(({ name, http = [] }) =>
    http.flatMap((text) => {
      const own = ownPathOf(control, text);
      if (own === undefined) return [];
      const problem = `keeps ${own} for the gate's own pages, and ${name} is bound to ${JSON.stringify(text)}`;
      return [{ path: "control", problem, remedy: 'bind another path, or move the pages with control: "/_gate"' }];
    }),
  );
}

function ownPathOf(control: string, text: string): string | undefined {
  const { path = "" } = parseBinding(text) ?? {};
  const own = path.startsWith(control) ? controlPathOf(path.slice(control.length)) : undefined;
  return own === undefined ? undefined : control + own;
}
