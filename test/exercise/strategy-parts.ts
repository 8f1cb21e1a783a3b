/** What the strategy exercise needs of the package, by its front doors. */
export type { Candidate, Outcome, Placement, Strategy } from "unigate";
export { Metadata, type Random } from "unigate/transport";
