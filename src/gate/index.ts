/** The door for programs that embed a gate. */
export { createGate, type Gate, type GateOptions } from "./gate.ts";
