import type { Live } from "./live/live.ts";
import type { State } from "./state.ts";

/** The picture that is shown: the one that is paused, else the live one. */
export function shownLive({ paused, live }: State): Live {
  return paused ?? live;
}
