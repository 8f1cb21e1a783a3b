import { request as httpRequest, type RequestListener } from "node:http";
import { expect } from "vitest";
import { eventuallyTrue } from "./eventually.ts";

/** Answers each piece of a request in capitals, as it comes. */
export const shout: RequestListener = (request, response) => {
  request.on("data", (piece: Buffer) => response.write(piece.toString().toUpperCase()));
  request.on("end", () => response.end());
};

/** Sends words to a server that shouts; each must have come back before the next is sent. */
export async function shoutedBack(url: string): Promise<void> {
  const request = httpRequest(url, { method: "POST" });
  let heard = "";
  const answered = Promise.withResolvers<void>();
  request.on("response", (response) => {
    response.on("data", (piece: Buffer) => (heard += piece.toString()));
    response.on("end", answered.resolve);
  });
  for (const word of ["one", "two", "three"]) {
    request.write(word);
    await eventuallyTrue(`${word} came back`, () => heard.endsWith(word.toUpperCase()));
  }
  request.end();
  await answered.promise;
  expect(heard).toBe("ONETWOTHREE");
}
