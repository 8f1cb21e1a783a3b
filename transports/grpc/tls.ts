/** Certificates of a port or of an upstream, in PEM. */
export interface GrpcTls {
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Who signs the other side's certificate; default the system's. */
  ca?: string | Buffer;
  /** Callers must show a certificate that `ca` has signed. */
  requireClient?: boolean;
}
