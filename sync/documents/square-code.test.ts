import { expect, test } from "vitest";
import { receiptCode, squareCode } from "./square-code.ts";

test("bytes come back from the text of a square code, whose characters are alphanumeric for QR", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 7) % 256);
  const text = receiptCode.toText(bytes);
  expect(text).toMatch(/^PVR1:[0-9A-Z $%*+\-./:]+$/);
  expect(receiptCode.toBytes(text)).toEqual(bytes);
});

test("another prefix, a changed length, nothing, and more than fits a code are no code", () => {
  const text = receiptCode.toText(Uint8Array.of(1, 2, 3));
  expect(squareCode("PV1:", 100).toBytes(text)).toBeUndefined();
  expect(receiptCode.toBytes(`${text} `)).toBeUndefined();
  expect(receiptCode.toBytes("PVR1:")).toBeUndefined();
  expect(squareCode("PVR1:", 6).toBytes(text)).toBeUndefined();
});
