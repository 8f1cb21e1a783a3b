import type { Supervisor } from "./supervisor.ts";
import { type SourceWatch, watchSources } from "./watch-files.ts";

/** Reloads a supervisor's processes whenever one of their sources changes. Returns the end of it. */
export function reloadOnChange(supervisor: Supervisor, watched: Omit<SourceWatch, "changed">): () => void {
  return watchSources({
    ...watched,
    changed(file) {
      watched.note(`${file} changed; starting the new version`);
      supervisor.reload();
    },
  });
}
