/** Where the gate is when nobody says: `$GATE_URL`, else the embedded default's ZeroMQ port. */
export function defaultGateUrl(): string {
  return process.env["GATE_URL"] || "tcp://127.0.0.1:5555";
}

/** The key for a gate that wants one, when nobody says: `$GATE_KEY`. */
export function defaultGateKey(): string | undefined {
  return process.env["GATE_KEY"] || undefined;
}
