/** The door for programs that embed a gate. */
export type { Gate, GateOptions } from "./gate.ts";
export { createGate } from "./running-gate.ts";
