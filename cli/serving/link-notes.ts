import type { Logger } from "unigate/transport";

/** A link that is back within this time, or whose worker is told to stop with its gate, is not worth a word; in ms. */
const patienceMs = 500;

/**
 * The log of a worker whose link is told to people: lost once, and back once, however often it is tried in between.
 *
 * A worker warns of nothing but its link, at every attempt, and informs when the gate has taken it in.
 */
export function linkNotes(logger: Logger, note: (text: string) => void): Logger {
  let timer: NodeJS.Timeout | undefined;
  let isTold = false;
  let hasServed = false;
  return {
    debug: (message, fields) => logger.debug(message, fields),
    error: (message, fields) => logger.error(message, fields),
    info(message, fields) {
      logger.info(message, fields);
      clearTimeout(timer);
      if (isTold && hasServed) note("serving again");
      timer = undefined;
      isTold = false;
      hasServed = true;
    },
    warn(message, fields = {}) {
      logger.debug(message, fields);
      timer ??= setTimeout(() => {
        isTold = true;
        note(`${message} (${String(fields["reason"])})`);
      }, patienceMs).unref();
    },
  };
}
