import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyChain, follow, formatHead, parseHead } from "./chain.ts";
import type { ChainedEntry } from "./chain.ts";

const entry: ChainedEntry = {
  id: 7n,
  atUs: "1764331200000001",
  actor: "operator:Ann",
  action: "voucher.cancel",
  subject: "voucher:0000000001",
  before: '{"state": "activated"}',
  after: null,
  origin: null,
};

describe("the chain of the audit trail", () => {
  test("is what its description says, so that anybody can compute it", () => {
    const text =
      '["1","7","1764331200000001","operator:Ann","voucher.cancel","voucher:0000000001","{\\"state\\": \\"activated\\"}",null]';
    const expected = createHash("sha256")
      .update(Buffer.concat([Buffer.from("paypost/1/audit\0"), Buffer.alloc(32), Buffer.from(text)]))
      .digest("hex");
    expect(formatHead(follow(emptyChain, entry))).toBe(`1:${expected}`);
  });

  test("holds from where an entry came, where it tells that", () => {
    const text =
      '["1","7","1764331200000001","operator:Ann","voucher.cancel","voucher:0000000001","{\\"state\\": \\"activated\\"}",null,"10.1.2.3"]';
    const expected = createHash("sha256")
      .update(Buffer.concat([Buffer.from("paypost/1/audit\0"), Buffer.alloc(32), Buffer.from(text)]))
      .digest("hex");
    expect(formatHead(follow(emptyChain, { ...entry, origin: "10.1.2.3" }))).toBe(`1:${expected}`);
  });

  test("is another whatever part of an entry is another, and wherever a text is cut in two", () => {
    const whole = formatHead(follow(emptyChain, entry));
    const others: Partial<ChainedEntry>[] = [
      { id: 8n },
      { atUs: "1764331200000002" },
      { actor: "operator:An", action: "nvoucher.cancel" },
      { action: "voucher.cancelv", subject: "oucher:0000000001" },
      { before: null, after: entry.before },
      { before: "null" },
      { origin: "10.1.2.3" },
    ];
    for (const other of others)
      expect(formatHead(follow(emptyChain, { ...entry, ...other }))).not.toBe(whole);
    const second = follow(follow(emptyChain, entry), entry);
    expect(formatHead(second).split(":")[1]).not.toBe(whole.split(":")[1]);
  });

  test("a head is read as it is written, and nothing else is one", () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 18n - 1n),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (position, hash) => {
          expect(parseHead(formatHead({ position, hash }))).toEqual({ position, hash });
        },
      ),
    );
    for (const text of [
      "",
      "1",
      "1:",
      "1:ab",
      `x:${"0".repeat(64)}`,
      `1:${"0".repeat(63)}G`,
      `-1:${"0".repeat(64)}`,
    ])
      expect(parseHead(text)).toBeUndefined();
  });
});
