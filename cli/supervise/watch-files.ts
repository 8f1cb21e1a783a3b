import { watch } from "node:fs";
import { dirname, resolve } from "node:path";

const settleMs = 100;

/**
 * Calls `changed` after any source file in the folders of `files`, or below them, has changed; a burst of events counts once.
 * `node_modules`, `dist` and dot folders do not count. Returns the end of watching.
 */
export function watchFiles(files: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const folders = new Set(files.map((file) => dirname(resolve(file))));
  const watchers = [...folders].map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => {
      const isSource = name !== null && /\.(m|c)?(ts|js|json)$/.test(name) && !/(^|\/)(node_modules|dist|\.[^/]+)\//.test(name);
      if (!isSource) return;
      clearTimeout(timer);
      timer = setTimeout(changed, settleMs);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
