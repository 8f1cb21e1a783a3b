/** The version of this package. Written out, because a bundle of a program has no `package.json` to ask. */
export const version = "0.1.0";
