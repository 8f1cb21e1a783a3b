/** A certificate of localhost and other.test, signed by itself, until 2126. It guards nothing but these tests. */
export const cert: string = `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIUXBqi2wk4g+Xj+PyatXcFqs22x3gwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA4MTk0N1oYDzIxMjYxMDI4
MDgxOTQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATwkTPXXYifOT1XmykryrkARtHIGWUHOU/3P+7TKzsjAi74jCgoZB9S
Z+KmQQscz0v02T0NSyFK3e3HHtr77gc7o3UwczAdBgNVHQ4EFgQUR/qarckxZ6fo
Ydfup8QoYeiCaTEwHwYDVR0jBBgwFoAUR/qarckxZ6foYdfup8QoYeiCaTEwDwYD
VR0TAQH/BAUwAwEB/zAgBgNVHREEGTAXgglsb2NhbGhvc3SCCm90aGVyLnRlc3Qw
CgYIKoZIzj0EAwIDSAAwRQIhAP4IjxfPk9GTN9fhasR+t8/ydVIL/CLcWtHofcL3
gR7jAiBDlTpCcOicF4Ds/FysTvhVpbId524JOVADGRSNXoYX4A==
-----END CERTIFICATE-----`;
/** The key of `cert`. */
export const key: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbILW1/H2gat0LyBZ
KPft6flaKUwtLxCTbioItEJasRihRANCAATwkTPXXYifOT1XmykryrkARtHIGWUH
OU/3P+7TKzsjAi74jCgoZB9SZ+KmQQscz0v02T0NSyFK3e3HHtr77gc7
-----END PRIVATE KEY-----`;
