/** The part of pino-roll that is used here: it brings no types. */
declare module "pino-roll" {
  import type { destination } from "pino";

  /** Opens a file that goes on in a new one when it has its size. */
  export default function roll(options: {
    file: string;
    /** `"10b"`: in bytes. */
    size: string;
    /** Files besides the current one. */
    limit: { count: number; removeOtherLogFiles: boolean };
    mkdir: boolean;
    sync: boolean;
    maxLength: number;
  }): Promise<ReturnType<typeof destination>>;
}
