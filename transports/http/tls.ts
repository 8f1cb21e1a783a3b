import { readFileSync } from "node:fs";
import { createSecureContext, type Server } from "node:tls";
import { type Clock, type ConfigFault, GateError, type Logger } from "unigate/transport";

/** The certificate of an HTTP port. */
export interface HttpTls {
  /** The certificate and those between it and its authority: PEM, or a file of it, which is read again when it was renewed. */
  cert: string | Buffer;
  /** Its private key, the same way. */
  key: string | Buffer;
}

/** Between two looks at files that may have been renewed, in ms. */
const lookEveryMs = 60_000;

/** Every fault of the option: files that cannot be read, what is no certificate, a key of another one. */
export function checkTls(tls: unknown): ConfigFault[] {
  const { cert, key } = (typeof tls === "object" && tls !== null ? tls : {}) as Partial<Record<"cert" | "key", unknown>>;
  if (!isText(cert) || !isText(key))
    return [{ path: "tls", problem: "has no certificate or no key", remedy: "give cert and key, as PEM or as files of it" }];
  try {
    loadCertificate({ cert, key });
    return [];
  } catch (error) {
    return [
      { path: "tls", problem: GateError.from(error).message, remedy: "give a certificate and its own key, as PEM or as files of it" },
    ];
  }
}

/** The same with the content of its files; throws what is wrong with them. */
export function loadCertificate({ cert, key }: HttpTls): HttpTls {
  const certificate = { cert: read(cert), key: read(key) };
  createSecureContext(certificate);
  return certificate;
}

/** Gives `server` the certificate anew whenever its files have changed; one that cannot be used is logged, and the old one stays. Returns the end of looking. */
export function followCertificate(tls: HttpTls, server: Pick<Server, "setSecureContext">, clock: Clock, logger: Logger): () => void {
  if (!isFile(tls.cert) && !isFile(tls.key)) return () => {};
  let last = textOf(tls);
  const timer = clock.every(lookEveryMs, () => {
    const text = textOf(tls);
    if (text === last) return;
    last = text;
    try {
      server.setSecureContext(loadCertificate(tls));
      logger.info("the certificate was renewed");
    } catch (error) {
      logger.error("the renewed certificate cannot be used; the old one stays", { error: GateError.from(error).message });
    }
  });
  return () => timer.clear();
}

/** Both as one text to compare; what cannot be read is no text. */
function textOf({ cert, key }: HttpTls): string {
  try {
    return `${read(cert).toString()}\n${read(key).toString()}`;
  } catch {
    return "";
  }
}

function read(pem: string | Buffer): string | Buffer {
  return isFile(pem) ? readFileSync(pem) : pem;
}

function isFile(pem: string | Buffer): pem is string {
  return typeof pem === "string" && !pem.includes("-----BEGIN");
}

function isText(value: unknown): value is string | Buffer {
  return (typeof value === "string" || Buffer.isBuffer(value)) && value.length > 0;
}
