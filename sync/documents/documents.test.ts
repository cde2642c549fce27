/** Every document against the same claims: it reads back as it was written, and reading is closed. */
import * as fc from "fast-check";
import { decodePolicy, encodePolicy, type Policy } from "./policy.ts";
import { describe, expect, test } from "vitest";
import { bytesToUuid } from "../ids.ts";
import { decodeCbor, encodeCbor, type CborKey, type CborValue } from "../signing/cbor.ts";
import {
  createSyncSigner,
  openDocument,
  serverKinds,
  signDocumentSync,
  type SignedKind,
} from "../signing/cose.ts";
import { boxKeyPair } from "../signing/sealed.ts";
import type { Decoded } from "./codec.ts";
import {
  decodeEnrolmentCertificate,
  encodeEnrolmentCertificate,
  type EnrolmentCertificate,
} from "./enrolment-certificate.ts";
import { decodeKeySet, encodeKeySet, type KeySet } from "./key-set.ts";
import { decodeLease, encodeLease, type Lease } from "./lease.ts";
import {
  authenticationMethods,
  authenticationResults,
  decodeOperation,
  encodeOperation,
  type Operation,
  type OperationBody,
} from "./operation.ts";
import {
  decodeSessionAssertion,
  encodeSessionAssertion,
  type SessionAssertion,
} from "./session-assertion.ts";
import { decodeVerdictList, encodeVerdictList, type Verdict, type VerdictList } from "./verdict-list.ts";
import { decodeVoucherToken, encodeVoucherToken, type VoucherToken } from "./voucher-token.ts";

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((raw) => Uint8Array.from(raw));
const uuid = bytes(16).map(bytesToUuid);
const uuidv7 = uuid.map((text) => `${text.slice(0, 14)}7${text.slice(15, 19)}a${text.slice(20)}`);
const text = fc
  .string({ minLength: 1, maxLength: 16, unit: "grapheme" })
  .filter((value) => !/\p{Cc}|^\uFEFF/u.test(value) && Buffer.byteLength(value) <= 64);
const timeMs = fc.integer({ min: 0, max: 253_402_300_799_999 });
const small = fc.nat(2_147_483_647);
const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const serial = fc.bigInt({ min: 1n, max: 9_007_199_254_740_991n });
const amountMinor = fc.bigInt({ min: 1n, max: 9_223_372_036_854_775_807n });
const currency = fc.constantFrom("USD", "KES", "JPY", "BHD");
const epoch = fc.record({ generation: small, n: small });
// A few keys are enough: making one takes milliseconds.
const signingKey = fc.constantFrom(...[1, 2, 3].map((fill) => keyOf(fill)));
const boxKey = fc.constantFrom(...[4, 5].map((fill) => boxKeyPair(new Uint8Array(32).fill(fill)).publicKey));

const redemption = {
  type: fc.constant("redeem-voucher" as const),
  serial,
  amountMinor,
  currency,
  numberCommitment: bytes(32),
  authentication: fc.option(
    fc.record({
      method: fc.constantFrom(...authenticationMethods),
      result: fc.constantFrom(...authenticationResults),
    }),
  ),
  cashOut: fc.option(fc.record({ feeMinor: fc.constant(0n) })),
};
const billId = fc.stringMatching(/^[0-9A-Za-z-]{2,20}$/);
const voucherForBill = {
  type: fc.constant("pay-bill-with-voucher" as const),
  billId,
  serial,
  amountMinor,
  currency,
  numberCommitment: bytes(32),
};
const body: fc.Arbitrary<OperationBody> = fc.oneof(
  fc.record({
    ...redemption,
    mode: fc.constantFrom("leased" as const, "online" as const),
    epoch,
    deniedAsOfMs: fc.constant(null),
  }),
  fc.record({
    ...redemption,
    mode: fc.constant("at-risk" as const),
    epoch: fc.constant(null),
    deniedAsOfMs: timeMs,
  }),
  fc.record({
    ...redemption,
    mode: fc.constant("online" as const),
    epoch: fc.constant(null),
    deniedAsOfMs: fc.constant(null),
  }),
  fc.record({ type: fc.constant("release-lease" as const), serial, epoch }),
  fc.record({ type: fc.constant("pay-bill" as const), billId, amountMinor, currency }),
  fc.record({
    ...voucherForBill,
    mode: fc.constant("leased" as const),
    epoch,
  }),
  fc.record({
    ...voucherForBill,
    mode: fc.constant("online" as const),
    epoch: fc.constant(null),
  }),
);
const operation: fc.Arbitrary<Operation> = fc.record({
  nodeId: uuid,
  operationId: uuidv7,
  sequence: count,
  previousHash: bytes(32),
  wallTimeMs: timeMs,
  bootId: uuid,
  sinceBootMs: fc.maxSafeNat(),
  lastServerTimeMs: timeMs,
  policyVersion: small,
  anchored: fc.boolean(),
  actor: text,
  body,
});
const voucherToken: fc.Arbitrary<VoucherToken> = fc.record({
  serial,
  group: text,
  amountMinor,
  currency,
  expiresAtMs: timeMs,
  programme: text,
  verifier: bytes(16),
  atRisk: fc.boolean(),
});
const lease: fc.Arbitrary<Lease> = fc.record({ serial, nodeId: uuid, epoch, notAfterMs: timeMs });
const certificate: fc.Arbitrary<EnrolmentCertificate> = fc.record({
  nodeId: uuid,
  nodePublicKey: signingKey,
  merchantId: text,
  merchantName: text,
  issuedAtMs: timeMs,
  generation: small,
  agent: fc.boolean(),
});
const keySet: fc.Arbitrary<KeySet> = fc.record({
  version: small,
  issuedAtMs: timeMs,
  keys: fc
    .array(fc.record({ kind: fc.constantFrom(...serverKinds), publicKey: signingKey }), { maxLength: 9 })
    .map((keys) => keys.concat({ kind: "key-set", publicKey: keyOf(1) })),
  serverBoxKey: boxKey,
});
const assertion: fc.Arbitrary<SessionAssertion> = fc.record({
  nodeId: uuid,
  counter: count,
  audience: text,
  report: fc.option(
    fc.record({
      version: fc.stringMatching(/^[0-9a-z.-]{1,32}$/),
      waiting: fc.nat(),
      oldestMs: fc.option(timeMs),
      worth: fc.array(fc.record({ amountMinor, currency }), { maxLength: 20 }),
    }),
  ),
});
const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  verdictWith(fc.constant("applied" as const), fc.option(text)),
  verdictWith(fc.constantFrom("rejected" as const, "held" as const), text),
);
const verdictList: fc.Arbitrary<VerdictList> = fc.record({
  nodeId: uuid,
  generation: small,
  serverTimeMs: timeMs,
  lastSequence: fc.maxSafeNat(),
  lastHash: bytes(32),
  policyVersion: small,
  auditHead: fc.option(
    fc.record({ position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), hash: bytes(32) }),
  ),
  verdicts: fc.array(verdict, { maxLength: 20 }),
});

const hours = fc.nat(2_160);
const amountOrNone = fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n });
const policy: fc.Arbitrary<Policy> = fc.record({
  version: fc.integer({ min: 1, max: 2_147_483_647 }),
  issuedAtMs: timeMs,
  expiresAtMs: timeMs,
  atRisk: fc.option(
    fc.record({ redemptions: small, hours, denyListHours: hours, lateSettlementHours: hours }),
  ),
  unanchoredHours: hours,
  clockErrorMs: fc.nat(86_400_000),
  currencies: fc.uniqueArray(
    fc.record({
      currency,
      voucherMinor: amountMinor,
      operationMinor: amountMinor,
      sumMinor: amountMinor,
      guaranteedMinor: amountOrNone,
      unanchoredMinor: amountOrNone,
    }),
    { selector: (limits) => limits.currency },
  ),
  cashOut: fc.option(
    fc.uniqueArray(fc.record({ currency, fixedMinor: amountOrNone, basisPoints: fc.nat(10_000) }), {
      selector: (fee) => fee.currency,
    }),
  ),
});

/** Fields that their formats did not have at first; without them a document reads as it did then. */
const laterFields: Partial<Record<SignedKind, readonly number[]>> = {
  operation: [13],
  "voucher-token": [8],
  policy: [9],
  "enrolment-certificate": [7],
  "verdict-list": [7, 8],
};

interface Document<T> {
  readonly kind: SignedKind;
  readonly values: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (payload: Uint8Array) => Decoded<T>;
}

// Each row is checked for its own type before the list forgets it.
const row = <T>(document: Document<T>) => document as unknown as Document<unknown>;
const documents = [
  row({ kind: "operation", values: operation, encode: encodeOperation, decode: decodeOperation }),
  row({
    kind: "voucher-token",
    values: voucherToken,
    encode: encodeVoucherToken,
    decode: decodeVoucherToken,
  }),
  row({ kind: "lease", values: lease, encode: encodeLease, decode: decodeLease }),
  row({
    kind: "enrolment-certificate",
    values: certificate,
    encode: encodeEnrolmentCertificate,
    decode: decodeEnrolmentCertificate,
  }),
  row({ kind: "key-set", values: keySet, encode: encodeKeySet, decode: decodeKeySet }),
  row({
    kind: "session-assertion",
    values: assertion,
    encode: encodeSessionAssertion,
    decode: decodeSessionAssertion,
  }),
  row({ kind: "policy", values: policy, encode: encodePolicy, decode: decodePolicy }),
  row({ kind: "verdict-list", values: verdictList, encode: encodeVerdictList, decode: decodeVerdictList }),
];

describe.each(documents)("$kind", ({ kind, values, encode, decode }) => {
  test("decode(encode(x)) = x", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual({ ok: true, value });
      }),
      { numRuns: 200 },
    );
  });

  test("a field that is left out is refused by its name", () => {
    const fields = fieldsOf(encode(sample(values)));
    for (const key of fields.keys()) {
      if (laterFields[kind]?.includes(Number(key))) continue;
      const rest = new Map([...fields].filter(([other]) => other !== key));
      expect(decode(encodeCbor(rest))).toMatchObject({ ok: false, refusal: { code: "missing-field" } });
    }
  });

  test("a field that the format does not have is refused", () => {
    for (const key of [0, 99, -1, "1", 1n << 60n]) {
      const fields = fieldsOf(encode(sample(values))).set(key, 1);
      const refusal = { code: "unknown-field", field: String(key) };
      expect(decode(encodeCbor(fields))).toEqual({ ok: false, refusal });
    }
  });

  test("a field of another type is refused, and so is another shape altogether", () => {
    const fields = fieldsOf(encode(sample(values)));
    for (const key of fields.keys()) {
      for (const wrong of [true, [true], new Map(), "\u0007"]) {
        expect(decode(encodeCbor(new Map(fields).set(key, wrong)))).toMatchObject({ ok: false });
      }
    }
    for (const wrong of [null, 1, "text", [], [1, 2], new Uint8Array(4), new Map()]) {
      expect(decode(encodeCbor(wrong))).toMatchObject({ ok: false });
    }
  });

  test("an encoding that is not canonical is refused as not CBOR", () => {
    const payload = encode(sample(values));
    const longer = Uint8Array.from([0xb8, payload[0]! & 0x1f, ...payload.subarray(1)]);
    expect(decode(longer)).toEqual({ ok: false, refusal: { code: "not-cbor", because: "not-canonical" } });
    const trailing = Uint8Array.from([...payload, 0]);
    expect(decode(trailing)).toEqual({ ok: false, refusal: { code: "not-cbor", because: "malformed" } });
  });

  test("any changed byte of the signed document is refused", async () => {
    const signer = createSyncSigner(kind, new Uint8Array(32).fill(42));
    await fc.assert(
      fc.asyncProperty(values, fc.nat(), fc.integer({ min: 1, max: 255 }), async (value, place, change) => {
        const { bytes: signed } = signDocumentSync(signer, encode(value));
        expect(await openDocument(kind, signed, () => signer.publicKey)).toMatchObject({ ok: true });
        const at = place % signed.length;
        signed[at] = signed[at]! ^ change;
        expect(await openDocument(kind, signed, () => signer.publicKey)).toMatchObject({ ok: false });
      }),
      { numRuns: 60 },
    );
  });

  test("is not read as any other document", () => {
    const payload = encode(sample(values));
    for (const other of documents.filter((document) => document.kind !== kind)) {
      expect(other.decode(payload)).toMatchObject({ ok: false });
    }
  });
});

function verdictWith(status: fc.Arbitrary<Verdict["status"]>, reason: fc.Arbitrary<string | null>) {
  return fc.record({
    sequence: count,
    operationHash: bytes(32),
    status,
    reason,
    transactionId: fc.option(text),
    decidedAtMs: timeMs,
    duplicate: fc.boolean(),
    evidence: fc.option(bytes(32)),
    guaranteedMinor: fc.option(amountMinor),
  });
}

function keyOf(fill: number): Uint8Array {
  return createSyncSigner("lease", new Uint8Array(32).fill(fill)).publicKey;
}

function sample<T>(values: fc.Arbitrary<T>): T {
  return fc.sample(values, { numRuns: 1, seed: 7 })[0]!;
}

function fieldsOf(payload: Uint8Array): Map<CborKey, CborValue> {
  const decoded = decodeCbor(payload);
  if (!decoded.ok || !(decoded.value instanceof Map)) throw new Error("a document is a map");
  return new Map(decoded.value as ReadonlyMap<CborKey, CborValue>);
}
