import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { bundle, noBrowser, openBrowser, servePage } from "../../../support/browser-page.ts";
import { kitchen, webWorld } from "./web-world.ts";

const title = "a page of another origin calls by connect-web and by grpc-web in its text mode, streams included";

it.skipIf(noBrowser !== undefined)(noBrowser === undefined ? title : `${title} (skipped: ${noBrowser})`, { timeout: 60_000 }, async () => {
  const origin = await servePage(await bundle(new URL("page.ts", import.meta.url)));
  const url = await webWorld({ origin });
  const set = create(FileDescriptorSetSchema, { file: [...(await loadProtos([kitchen])).files].map(({ proto }) => proto) });
  const descriptors = Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString("base64");

  const page = await openBrowser();
  await page.goto(origin);
  const heard = await page.evaluate(`run(${JSON.stringify(url)}, ${JSON.stringify(descriptors)})`);
  expect(heard).toEqual({
    said: "hi page",
    numbers: [1, 2, 3, 4, 5],
    failure: { code: 9, text: "not today: ü" },
    text: { numbers: [1, 2, 3], code: 0 },
  });
});
