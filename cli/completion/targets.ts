import { connect } from "unigate/client";
import { gateAddress } from "../contexts/gate-address.ts";
import type { Candidate } from "./candidate.ts";

/** Whoever presses Tab does not wait longer than this for a gate, in ms. */
const patienceMs = 800;

/** The methods that the gate of a half-written line serves; none when there is no gate, or it does not answer at once. */
export async function targetsOf(words: readonly string[]): Promise<Candidate[]> {
  const text = (name: string): string | undefined => {
    const at = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    const value = words[at]?.includes("=") === true ? words[at].slice(name.length + 3) : words[at + 1];
    return at < 0 ? undefined : value;
  };
  const { url, key } = gateAddress({ text, texts: () => [], number: () => undefined, isSet: () => false });
  const client = connect(url, key === undefined ? {} : { key });
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("no gate answers")), patienceMs));
  try {
    const services = await Promise.race([client.discover(), late]);
    return services.flatMap(({ methods }) =>
      methods.map(({ name, params, description }) => ({ word: name, meaning: description ?? params?.join(", ") ?? "" })),
    );
  } finally {
    await client.close();
  }
}
