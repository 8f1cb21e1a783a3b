import { GateError } from "unigate/transport";
import type { Participant } from "../participant.ts";
import { LetterKind } from "./envelope.ts";
import type { Links } from "./links.ts";

const noBytes = new Uint8Array(0);

/**
 * Ends the links to peers that are lost, until the participant closes.
 *
 * A lease may lapse while its owner lives, and its links with it: so whoever has left the table is asked to beat, which brings it back, and
 * is lost when it is not there at the beat after. It is told so, for a link must not end at one end alone.
 */
export function endLinksToLost(participant: Participant, links: Links): void {
  /** Whether they have been asked before this beat. */
  const doubted = new Map<string, boolean>();
  participant.handle({
    membersLeft(ids) {
      for (const id of ids) {
        if (!links.reach(id)) continue;
        doubted.set(id, false);
        participant.post.write(id, LetterKind.changed, "", noBytes);
      }
    },
    beat() {
      for (const [id, wasAsked] of doubted) {
        if (!wasAsked) {
          doubted.set(id, true);
          continue;
        }
        doubted.delete(id);
        if (!participant.table.members.has(id)) links.giveUp(id, new GateError("unavailable", `${id} is gone`));
      }
    },
  });
}
