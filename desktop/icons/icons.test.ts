import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawnFrom } from "./render.ts";

const picture = (name: string) => readFileSync(join(import.meta.dirname, name));

test("the pictures are those of the page's icon: after a change, run `node desktop/icons/render.ts`", () => {
  expect(picture("drawn-from.sha256").toString().trim()).toBe(drawnFrom());
});

test.each([
  ["icon.png", 1024],
  ["linux/256x256.png", 256],
  ["linux/512x512.png", 512],
  ...["online", "waiting", "offline"].flatMap(
    (state) =>
      [
        [`tray-${state}.png`, 16],
        [`tray-${state}@2x.png`, 32],
      ] as const,
  ),
] as const)("%s is a PNG with transparency, %i by %i", (name, size) => {
  const bytes = picture(name);
  expect(bytes.toString("latin1", 1, 4)).toBe("PNG");
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([size, size]);
  // Colour type 6 of the PNG specification: red, green, blue, alpha.
  expect(bytes[25]).toBe(6);
});
