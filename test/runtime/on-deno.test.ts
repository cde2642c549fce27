import { expect, test } from "vitest";

test("what runs here is Deno", () => {
  expect("Deno" in globalThis).toBe(true);
});
