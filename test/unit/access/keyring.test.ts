import { expect, test } from "vitest";
import { digestOf, isKey, Keyring, refusalOf } from "../../../src/access/keyring.ts";

const web = { name: "web", key: "a-secret-of-the-web-app", may: ["call"] as const };
const farm = { name: "farm", key: `sha256:${digestOf("a-secret-of-the-farm")}`, may: ["work"] as const };

test("a keyring without keys lets everyone do everything", () => {
  const keyring = new Keyring([]);
  expect(keyring.isLocked).toBe(false);
  expect(refusalOf(keyring.identify(undefined), "admin")).toBeUndefined();
});

test("a key is found by itself, whether the config holds it or its digest", () => {
  const keyring = new Keyring([web, farm]);
  expect(keyring.identify("a-secret-of-the-web-app").name).toBe("web");
  expect(keyring.identify("a-secret-of-the-farm").name).toBe("farm");
});

test.each([undefined, "", "a-secret-of-the-web-ap", farm.key, digestOf("a-secret-of-the-farm")])("%s opens nothing", (key) => {
  expect(() => new Keyring([web, farm]).identify(key)).toThrow(expect.objectContaining({ code: "unauthenticated" }));
});

test("a holder may do what its key says, and is told what that is", () => {
  const holder = new Keyring([web]).identify(web.key);
  expect(refusalOf(holder, "call")).toBeUndefined();
  expect(refusalOf(holder, "work")).toMatchObject({ code: "permission_denied", message: "the key of web may call, not work" });
});

test.each([
  ["a-secret-of-the-web-app", true],
  ["short", false],
  [`sha256:${"a".repeat(64)}`, true],
  ["sha256:abc", false],
])("%s as a key of a config: %s", (text, isGood) => {
  expect(isKey(text)).toBe(isGood);
});
