/** The bytes of what is carried by hand. A changed vector is a changed format: it needs a new version, not a new expectation. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import { decodeBundle, encodeBundle } from "./bundle.ts";
import { decodeCarriedQueue, encodeCarriedQueue } from "./carried-queue.ts";

const carried = {
  certificate: Uint8Array.of(0xd2, 1),
  keySet: Uint8Array.of(0xd2, 2),
  serverBoxKey: new Uint8Array(32).fill(0xaa),
  firstSequence: 8,
  lastSequence: 1007,
  createdAtMs: 1_760_000_000_000,
  sealed: Uint8Array.of(3, 4),
};
const acknowledgement = {
  nodeId: "00112233-4455-6677-8899-aabbccddeeff",
  generation: 3,
  fileHash: new Uint8Array(32).fill(0xaa),
  firstSequence: 8,
  lastSequence: 1007,
  lastHash: new Uint8Array(32).fill(0xbb),
  serverTimeMs: 1_760_000_000_000,
};
const answer = {
  type: "answer",
  keySet: Uint8Array.of(1),
  acknowledgement: Uint8Array.of(2),
  verdictList: Uint8Array.of(3),
} as const;
const receipt = {
  type: "receipt",
  keySet: Uint8Array.of(1),
  certificate: Uint8Array.of(2),
  operation: Uint8Array.of(3),
  verdictList: Uint8Array.of(4),
} as const;

describe("known bytes", () => {
  test.each([
    [
      "a carried queue",
      encodeCarriedQueue(carried),
      `a801010242d2010342d202045820${"aa".repeat(32)}0508061903ef071b00000199c82cc00008420304`,
    ],
    [
      "an acknowledgement",
      encodeAcknowledgement(acknowledgement),
      `a80101025000112233445566778899aabbccddeeff0303045820${"aa".repeat(32)}0508061903ef075820${"bb".repeat(32)}081b00000199c82cc000`,
    ],
    ["an answer", encodeBundle(answer), "a50066616e737765720101024101034102044103"],
    ["a receipt", encodeBundle(receipt), "a60067726563656970740101024101034102044103054104"],
  ])("of %s", (_, bytes, hex) => {
    expect(bytesToHex(bytes)).toBe(hex);
  });
});

test("what was written is read as it was", () => {
  expect(decodeCarriedQueue(encodeCarriedQueue(carried))).toEqual({ ok: true, value: carried });
  expect(decodeAcknowledgement(encodeAcknowledgement(acknowledgement))).toEqual({
    ok: true,
    value: acknowledgement,
  });
  expect(decodeBundle(encodeBundle(answer))).toEqual({ ok: true, value: answer });
  expect(decodeBundle(encodeBundle(receipt))).toEqual({ ok: true, value: receipt });
});

test("a carried queue that ends before it begins, or holds nothing, is not written", () => {
  expect(() => encodeCarriedQueue({ ...carried, lastSequence: 7 })).toThrow("lastSequence");
  expect(() => encodeCarriedQueue({ ...carried, sealed: new Uint8Array() })).toThrow("sealed");
});
