import { describe, expect, test } from "vitest";
import { webRandomBytes } from "../signing/random.ts";
import { boxKeyPair } from "../signing/sealed.ts";
import { openPayeeRecord, payeeIndexOf, sealPayeeRecord } from "./payee-record.ts";
import type { PayeeRecord } from "./payee-record.ts";
import {
  commitmentOfStatement,
  openingForStatement,
  openStatement,
  sealStatement,
} from "./payee-statement.ts";
import type { PayeeStatement } from "./payee-statement.ts";

const statement: PayeeStatement = {
  identity: "ID-4711",
  modality: "01",
  institutionCode: "MPESA",
  address: "+254712345678",
  area: "North",
  active: true,
  reason: null,
};

describe("a payee's statement", () => {
  const server = boxKeyPair(new Uint8Array(32).fill(3));
  const opening = openingForStatement(statement, webRandomBytes);
  const sealed = sealStatement(server.publicKey, opening, webRandomBytes);

  test("opens for the server as what was committed to", () => {
    expect(openStatement(server, sealed, commitmentOfStatement(opening))).toEqual(statement);
  });

  test("does not open for another key, nor against another commitment, nor when it was changed", () => {
    const other = boxKeyPair(new Uint8Array(32).fill(4));
    const another = commitmentOfStatement(openingForStatement(statement, webRandomBytes));
    expect(openStatement(other, sealed, commitmentOfStatement(opening))).toBeUndefined();
    expect(openStatement(server, sealed, another)).toBeUndefined();
    expect(
      openStatement(server, sealed.with(60, (sealed[60] ?? 0) ^ 1), commitmentOfStatement(opening)),
    ).toBeUndefined();
  });

  test("is the same commitment only under the same opening, so that it cannot be guessed", () => {
    const again = openingForStatement(statement, webRandomBytes);
    expect(commitmentOfStatement(again)).not.toEqual(commitmentOfStatement(opening));
  });

  test("is refused where a field is longer than the format holds", () => {
    expect(() => openingForStatement({ ...statement, reason: "x".repeat(301) }, webRandomBytes)).toThrow(
      "reason",
    );
  });

  test("fits beside an operation at its longest", () => {
    const longest = {
      ...statement,
      identity: "x".repeat(80),
      area: "x".repeat(200),
      address: "x".repeat(136),
      reason: "x".repeat(300),
    };
    const made = sealStatement(
      server.publicKey,
      openingForStatement(longest, webRandomBytes),
      webRandomBytes,
    );
    expect(made.length).toBeLessThanOrEqual(1024);
  });
});

describe("a payee's record for a node", () => {
  const key = new Uint8Array(32).fill(5);
  const record: PayeeRecord = {
    programme: "relief",
    identity: "ID-4711",
    state: "active",
    addresses: [
      { modality: "01", institutionCode: null, address: "+254712345678", active: true, preferred: true },
      { modality: "02", institutionCode: null, address: null, active: false, preferred: false },
    ],
  };

  test("opens under the node's key as it was, and under no other", () => {
    const sealed = sealPayeeRecord(key, record, webRandomBytes);
    expect(openPayeeRecord(key, sealed)).toEqual(record);
    expect(openPayeeRecord(new Uint8Array(32).fill(6), sealed)).toBeUndefined();
    expect(openPayeeRecord(key, sealed.with(30, (sealed[30] ?? 0) ^ 1))).toBeUndefined();
    expect(openPayeeRecord(key, new Uint8Array(3))).toBeUndefined();
  });

  test("is found by programme and identity together, under the node's key", () => {
    const index = payeeIndexOf(key, "relief", "ID-4711");
    expect(payeeIndexOf(key, "relief", "ID-4711")).toBe(index);
    expect(payeeIndexOf(key, "reliefI", "D-4711")).not.toBe(index);
    expect(payeeIndexOf(new Uint8Array(32), "relief", "ID-4711")).not.toBe(index);
  });
});
