/** Where to connect for `grpc://host:port` or, over TLS, `grpcs://host:port`; the port may be left out (50051, 443). */
export function authorityOf(url: URL): string {
  const isSecure = url.protocol === "grpcs:";
  const port = url.port === "" ? (isSecure ? "443" : "50051") : url.port;
  return `${isSecure ? "https" : "http"}://${url.hostname}:${port}`;
}
