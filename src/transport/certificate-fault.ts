/** Codes of OpenSSL, as Node spells them, for a certificate whose signer this machine does not know. */
const unknownSigner =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/;

/** An error of Node's TLS; one about names brings the certificate. */
interface TlsError extends NodeJS.ErrnoException {
  cert?: { subjectaltname?: string };
}

/** What is wrong with the certificate of a gate, and what helps; undefined for errors of another kind. `schemes`: with TLS, and without. */
export function certificateFault(
  { code = "", message, cert }: TlsError,
  schemes: readonly [secure: string, plain: string],
): string | undefined {
  if (unknownSigner.test(code))
    return "nobody that this machine trusts has signed its certificate; trust it with NODE_EXTRA_CA_CERTS=/path/to/ca.pem, set before the start";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `its certificate is for another name; write the host that it names (${cert?.subjectaltname ?? message})`;
  if (code === "CERT_HAS_EXPIRED") return "its certificate has expired; renew it at the gate, or at the proxy in front of it";
  if (code === "EPROTO" && /wrong version|packet length/i.test(message))
    return `no TLS is spoken there; write ${schemes[1]} in place of ${schemes[0]}`;
  return undefined;
}
