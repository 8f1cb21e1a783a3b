import { type FSWatcher, readdirSync, watch } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

const settleMs = 100;
/** Folders that are watched at most: each takes one of the system's watches. */
const maxFolders = 1000;

/** Calls `changed` after `file` has been written, replaced or created; a burst of events counts once. Returns the end of watching. */
export function watchFile(file: string, changed: () => void): () => void {
  const path = resolve(file);
  const burst = once(changed);
  const watcher = watch(dirname(path), (_event, name) => {
    if (name === basename(path)) burst.add(file);
  });
  return () => {
    burst.forget();
    watcher.close();
  };
}

/** What to watch, and who hears of it. */
export interface SourceWatch {
  files: readonly string[];
  /** A file whose changes do not count. */
  except?: string;
  readonly changed: (file: string) => void;
  readonly note: (text: string) => void;
}

/**
 * Calls `changed` with the name of a file that has changed: one of `files`, or a source in their folders or below; a burst counts once.
 *
 * `node_modules`, `dist` and dot folders below do not count. `note` hears when there are more folders than are watched.
 */
export function watchSources({ files, except, changed, note }: SourceWatch): () => void {
  const left = except === undefined ? undefined : resolve(except);
  const named = new Set(files.map((file) => resolve(file)));
  const watchers = new Map<string, FSWatcher>();
  const burst = once((file) => changed(relative(process.cwd(), file)));

  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  const add = (folder: string): void => {
    forget(folder);
    if (watchers.size === maxFolders) return;
    let names: string[];
    try {
      names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
      const watcher = watch(folder, (event, name) => {
        if (name === null) return;
        const path = join(folder, name);
        if (path === left) return;
        if (isSource(name) || named.has(path)) burst.add(path);
        // A folder that came, went, or was replaced by another of its name.
        else if (event === "rename" && !isLeftOut(name)) add(path);
      });
      watcher.on("error", () => forget(folder));
      watchers.set(folder, watcher);
    } catch {
      // It is no folder, or it is gone already.
      return;
    }
    for (const name of names) if (!isLeftOut(name)) add(join(folder, name));
  };

  for (const folder of new Set(files.map((file) => dirname(resolve(file))))) add(folder);
  if (watchers.size === maxFolders) note(`only the first ${maxFolders} folders are watched; start where there are fewer`);
  return () => {
    burst.forget();
    for (const watcher of watchers.values()) watcher.close();
  };
}

function isSource(name: string): boolean {
  return /\.([mc]?[jt]s|json)$/.test(name);
}

function isLeftOut(name: string): boolean {
  return name === "node_modules" || name === "dist" || name.startsWith(".");
}

/** Tells the last of a burst once it has settled. */
function once(tell: (file: string) => void): { add(file: string): void; forget(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    add(file) {
      clearTimeout(timer);
      timer = setTimeout(() => tell(file), settleMs);
    },
    forget: () => clearTimeout(timer),
  };
}
