/**
 * The bytes on the wire, and what is refused of them. A changed vector is a changed format: it needs a new version
 * and a line of history, not a new expectation.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { decodeCbor, encodeCbor, type CborKey, type CborValue } from "../signing/cbor.ts";
import { createSyncSigner, signDocumentSync } from "../signing/cose.ts";
import { encodeEnrolmentCertificate, type EnrolmentCertificate } from "./enrolment-certificate.ts";
import { encodeKeySet, type KeySet } from "./key-set.ts";
import { encodeLease, type Lease } from "./lease.ts";
import {
  decodeOperation,
  encodeOperation,
  type Operation,
  type PayBill,
  type PayBillWithVoucher,
  type RefundBill,
  type RedeemVoucher,
  type ReleaseLease,
} from "./operation.ts";
import { encodeSessionAssertion, type SessionAssertion } from "./session-assertion.ts";
import { decodeVerdictList, encodeVerdictList, type Verdict, type VerdictList } from "./verdict-list.ts";
import { encodePolicy, type Policy } from "./policy.ts";
import { encodeVoucherToken, tokenToText, type VoucherToken } from "./voucher-token.ts";

const nodeId = "00112233-4455-6677-8899-aabbccddeeff";
const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
const { publicKey } = createSyncSigner("key-set", seed);

const redeem: RedeemVoucher = {
  type: "redeem-voucher",
  serial: 1_234_567_890n,
  mode: "leased",
  epoch: { generation: 1, n: 4 },
  amountMinor: 1250n,
  currency: "KES",
  numberCommitment: new Uint8Array(32).fill(0xbb),
  deniedAsOfMs: null,
  authentication: null,
  cashOut: null,
};
const release: ReleaseLease = { type: "release-lease", serial: 42n, epoch: { generation: 2, n: 1 } };
const payBill: PayBill = { type: "pay-bill", billId: "EL12345674", amountMinor: 1250n, currency: "KES" };
const payBillWithVoucher: PayBillWithVoucher = {
  type: "pay-bill-with-voucher",
  billId: "EL12345674",
  serial: 1_234_567_890n,
  mode: "leased",
  epoch: { generation: 1, n: 4 },
  amountMinor: 1250n,
  currency: "KES",
  numberCommitment: new Uint8Array(32).fill(0xbb),
};
const refundBill: RefundBill = {
  type: "refund-bill",
  payment: new Uint8Array(32).fill(0xcc),
  billId: "EL12345674",
  amountMinor: 1250n,
  currency: "KES",
};
const operation: Operation = {
  nodeId,
  operationId: "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
  sequence: 7,
  previousHash: new Uint8Array(32).fill(0xaa),
  wallTimeMs: 1_760_000_000_000,
  bootId: "ffeeddcc-bbaa-9988-7766-554433221100",
  sinceBootMs: 60_000,
  lastServerTimeMs: 1_759_999_000_000,
  policyVersion: 3,
  anchored: true,
  actor: "cashier-1",
  body: redeem,
};
const token: VoucherToken = {
  serial: 1_234_567_890n,
  group: "food-2026",
  amountMinor: 9_223_372_036_854_775_807n,
  currency: "KES",
  expiresAtMs: 1_790_000_000_000,
  programme: "Harvest relief",
  atRisk: false,
  verifier: new Uint8Array(16).fill(0xcc),
};
const lease: Lease = { serial: 42n, nodeId, epoch: { generation: 2, n: 1 }, notAfterMs: 1_760_000_000_000 };
const certificate: EnrolmentCertificate = {
  nodeId,
  nodePublicKey: publicKey,
  merchantId: "m-17",
  merchantName: "Duka la Mama",
  issuedAtMs: 1_760_000_000_000,
  generation: 1,
  agent: false,
};
const keySet: KeySet = {
  version: 2,
  issuedAtMs: 1_760_000_000_000,
  keys: [
    { kind: "key-set", publicKey },
    { kind: "lease", publicKey },
  ],
  serverBoxKey: new Uint8Array(32).fill(9),
};
const assertion: SessionAssertion = { nodeId, counter: 300, audience: "1", report: null };
const withReport: SessionAssertion = {
  ...assertion,
  report: {
    version: "1.2.3",
    waiting: 2,
    oldestMs: 1_767_225_600_000,
    worth: [{ amountMinor: 1250n, currency: "KES" }],
  },
};
const held: Verdict = {
  sequence: 8,
  operationHash: new Uint8Array(32).fill(0xdd),
  status: "held",
  reason: "quarantined",
  transactionId: null,
  decidedAtMs: 1_760_000_000_000,
  duplicate: false,
  evidence: null,
  guaranteedMinor: null,
};
const list: VerdictList = {
  nodeId,
  generation: 1,
  serverTimeMs: 1_760_000_000_000,
  lastSequence: 8,
  lastHash: new Uint8Array(32).fill(0xdd),
  policyVersion: 0,
  auditHead: null,
  verdicts: [
    { ...held, sequence: 7, status: "applied", reason: null, transactionId: "t-1", duplicate: true },
    held,
  ],
};

const policy: Policy = {
  version: 3,
  issuedAtMs: 1_760_000_000_000,
  expiresAtMs: 1_790_000_000_000,
  atRisk: { redemptions: 50, hours: 72, denyListHours: 24, lateSettlementHours: 336 },
  unanchoredHours: 12,
  clockErrorMs: 120_000,
  currencies: [
    {
      currency: "KES",
      voucherMinor: 500_000n,
      operationMinor: 500_000n,
      sumMinor: 5_000_000n,
      guaranteedMinor: 0n,
      unanchoredMinor: 1_000_000n,
    },
  ],
  cashOut: null,
};

describe("known payloads", () => {
  test.each<[string, Uint8Array, readonly string[]]>([
    [
      "redeem-voucher",
      encodeOperation(operation),
      [
        "ac0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa9988",
        "77665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca7006e72656465656d2d766f",
        "7563686572011a499602d202666c656173656403820104041904e205634b4553065820bbbbbbbbbbbbbbbbbbbbbbbbbb",
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
      ],
    ],
    [
      "release-lease",
      encodeOperation({ ...operation, body: release }),
      [
        "ac0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa9988",
        "77665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca3006d72656c656173652d6c",
        "6561736501182a02820201",
      ],
    ],
    [
      "pay-bill",
      encodeOperation({ ...operation, body: payBill }),
      [
        "ac0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa9988",
        "77665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca400687061792d62696c6c01",
        "6a454c3132333435363734021904e203634b4553",
      ],
    ],
    [
      "pay-bill-with-voucher",
      encodeOperation({ ...operation, body: payBillWithVoucher }),
      [
        "ac0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa9988",
        "77665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca800757061792d62696c6c2d",
        "776974682d766f7563686572016a454c3132333435363734021a499602d203666c656173656404820104051904e20663",
        "4b4553075820bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
      ],
    ],
    [
      "refund-bill",
      encodeOperation({ ...operation, body: refundBill }),
      [
        "ac0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa",
        "998877665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca5006b726566756e64",
        "2d62696c6c015820cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc026a454c313233",
        "3435363734031904e204634b4553",
      ],
    ],
    [
      "voucher-token",
      encodeVoucherToken(token),
      [
        "a7011a499602d20269666f6f642d32303236031b7fffffffffffffff04634b4553051b000001a0c4506c00066e486172",
        "766573742072656c6965660750cccccccccccccccccccccccccccccccc",
      ],
    ],
    [
      "lease",
      encodeLease(lease),
      ["a401182a025000112233445566778899aabbccddeeff03820201041b00000199c82cc000"],
    ],
    [
      "enrolment-certificate",
      encodeEnrolmentCertificate(certificate),
      [
        "a6015000112233445566778899aabbccddeeff02582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc",
        "8664125531b803646d2d3137046c44756b61206c61204d616d61051b00000199c82cc0000601",
      ],
    ],
    [
      "key-set",
      encodeKeySet(keySet),
      [
        "a40102021b00000199c82cc000038282676b65792d736574582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba5",
        "0d5f1ddc8664125531b882656c65617365582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc866412",
        "5531b80458200909090909090909090909090909090909090909090909090909090909090909",
      ],
    ],
    [
      "session-assertion",
      encodeSessionAssertion(assertion),
      ["a3015000112233445566778899aabbccddeeff0219012c036131"],
    ],
    [
      "session-assertion",
      encodeSessionAssertion(withReport),
      [
        "a4015000112233445566778899aabbccddeeff0219012c036131048465312e322e33021b0000019b76daa80081821904e2634b4553",
      ],
    ],
    [
      "verdict-list",
      encodeVerdictList(list),
      [
        "a6015000112233445566778899aabbccddeeff0201031b00000199c82cc0000408055820dddddddddddddddddddddddd",
        "dddddddddddddddddddddddddddddddddddddddd068287075820dddddddddddddddddddddddddddddddddddddddddddd",
        "dddddddddddddddddddd676170706c696564f663742d311b00000199c82cc000f587085820dddddddddddddddddddddd",
        "dddddddddddddddddddddddddddddddddddddddddd6468656c646b71756172616e74696e6564f61b00000199c82cc000",
        "f4",
      ],
    ],
    [
      "policy",
      encodePolicy(policy),
      [
        "a801010203031b00000199c82cc000041b000001a0c4506c000584183218481818190150060c071a0001d4c008818663",
        "4b45531a0007a1201a0007a1201a004c4b40001a000f4240",
      ],
    ],
    [
      "an at-risk redemption by a clock that is not anchored",
      encodeOperation({
        ...operation,
        anchored: false,
        body: { ...redeem, mode: "at-risk", epoch: null, deniedAsOfMs: 1_760_000_000_000 },
      }),
      [
        "ad0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa9988",
        "77665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca8006e72656465656d2d766f",
        "7563686572011a499602d2026761742d7269736b03f6041904e205634b4553065820bbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb071b00000199c82cc0000df4",
      ],
    ],
    [
      "a voucher paid out in cash to somebody whom a registry knows",
      encodeOperation({
        ...operation,
        body: {
          ...redeem,
          authentication: { method: "registry", result: "confirmed" },
          cashOut: { feeMinor: 29n },
        },
      }),
      [
        "ac0101025000112233445566778899aabbccddeeff0350017f22e279b07cc398c4dc0c0c07398f0407055820aaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa061b00000199c82cc0000750ffeeddccbbaa9988",
        "77665544332211000819ea60091b00000199c81d7dc00a030b69636173686965722d310ca9006e72656465656d2d766f",
        "7563686572011a499602d202666c656173656403820104041904e205634b4553065820bbbbbbbbbbbbbbbbbbbbbbbbbb",
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb088268726567697374727969636f6e6669726d65640981181d",
      ],
    ],
    [
      "an agent's certificate",
      encodeEnrolmentCertificate({ ...certificate, agent: true }),
      [
        "a7015000112233445566778899aabbccddeeff02582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc",
        "8664125531b803646d2d3137046c44756b61206c61204d616d61051b00000199c82cc000060107f5",
      ],
    ],
    [
      "a policy that lets agents keep a fee",
      encodePolicy({ ...policy, cashOut: [{ currency: "KES", fixedMinor: 10n, basisPoints: 150 }] }),
      [
        "a901010203031b00000199c82cc000041b000001a0c4506c000584183218481818190150060c071a0001d4c008818663",
        "4b45531a0007a1201a0007a1201a004c4b40001a000f4240098183634b45530a1896",
      ],
    ],
    [
      "the token of an at-risk voucher",
      encodeVoucherToken({ ...token, atRisk: true }),
      [
        "a8011a499602d20269666f6f642d32303236031b7fffffffffffffff04634b4553051b000001a0c4506c00066e486172",
        "766573742072656c6965660750cccccccccccccccccccccccccccccccc08f5",
      ],
    ],
    [
      "a verdict list that tells how far the audit trail had come",
      encodeVerdictList({
        ...list,
        auditHead: { position: 1000, hash: new Uint8Array(32).fill(0xab) },
        verdicts: [],
      }),
      [
        "a7015000112233445566778899aabbccddeeff0201031b00000199c82cc0000408055820dddddddddddddddddddddddd",
        "dddddddddddddddddddddddddddddddddddddddd068008821903e85820" + "ab".repeat(32),
      ],
    ],
    [
      "a verdict list that names a policy and a winner",
      encodeVerdictList({
        ...list,
        policyVersion: 3,
        verdicts: [
          { ...held, status: "rejected", evidence: new Uint8Array(32).fill(0xee), guaranteedMinor: 1000n },
        ],
      }),
      [
        "a7015000112233445566778899aabbccddeeff0201031b00000199c82cc0000408055820dddddddddddddddddddddddd",
        "dddddddddddddddddddddddddddddddddddddddd068189085820dddddddddddddddddddddddddddddddddddddddddddd",
        "dddddddddddddddddddd6872656a65637465646b71756172616e74696e6564f61b00000199c82cc000f45820eeeeeeee",
        "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee1903e80703",
      ],
    ],
  ])("%s", (_, payload, hex) => {
    expect(bytesToHex(payload)).toBe(hex.join(""));
  });

  test("a voucher token's text", () => {
    const signer = createSyncSigner("voucher-token", seed);
    const { bytes } = signDocumentSync(signer, encodeVoucherToken(token));
    expect(tokenToText(bytes)).toBe(
      [
        "PV1:RRQT 9P60GO0X+32D4K1Q%Q68CKY 9C60SD92G0WD0X.CV3E5W5846C$6JL3FGWFGWFGWYAW*OCHY82T0000B9",
        "0  OITDQ 0Y697LE6$CSUEZKEXVD% CR-03+P3+P3+P3+P3+P3+P3+P3+P27BXXTY-DB7QX767%N05BVMOG8DM615U",
        "2453U.PWO4PB7S+OWT3Y1FS BG:4B543QGCBHCB6L7A%0F$J703Q2AL/$481991G+*B",
      ].join(""),
    );
  });
});

describe("what is not written", () => {
  test.each<[string, () => Uint8Array]>([
    ["sequence 0", () => encodeOperation({ ...operation, sequence: 0 })],
    ["a sequence with a fraction", () => encodeOperation({ ...operation, sequence: 1.5 })],
    ["a sequence beyond 2^53 - 1", () => encodeOperation({ ...operation, sequence: 2 ** 53 })],
    ["an operation id of version 4", () => encodeOperation({ ...operation, operationId: nodeId })],
    ["a node id in capitals", () => encodeOperation({ ...operation, nodeId: nodeId.toUpperCase() })],
    ["a hash of 31 bytes", () => encodeOperation({ ...operation, previousHash: new Uint8Array(31) })],
    ["a time in the year 10000", () => encodeOperation({ ...operation, wallTimeMs: 253_402_300_800_000 })],
    ["a time before 1970", () => encodeOperation({ ...operation, wallTimeMs: -1 })],
    ["no actor", () => encodeOperation({ ...operation, actor: "" })],
    ["an actor with a line break", () => encodeOperation({ ...operation, actor: "a\nb" })],
    ["an actor with a NUL", () => encodeOperation({ ...operation, actor: "a\0b" })],
    ["an actor of 130 bytes", () => encodeOperation({ ...operation, actor: "é".repeat(65) })],
    ["an actor with half a character", () => encodeOperation({ ...operation, actor: "\uD83D" })],
    ["serial 0", () => encodeRedemption({ serial: 0n })],
    ["a serial beyond 2^53 - 1", () => encodeRedemption({ serial: 2n ** 53n })],
    ["amount 0", () => encodeRedemption({ amountMinor: 0n })],
    ["a negative amount", () => encodeRedemption({ amountMinor: -1n })],
    ["an amount beyond 2^63 - 1", () => encodeRedemption({ amountMinor: 2n ** 63n })],
    ["a currency that is none", () => encodeRedemption({ currency: "XXX" })],
    ["a leased redemption without its lease", () => encodeRedemption({ epoch: null })],
    ["an at-risk redemption with a lease", () => encodeRedemption({ mode: "at-risk", deniedAsOfMs: 1 })],
    ["an at-risk redemption without a deny list", () => encodeRedemption({ mode: "at-risk", epoch: null })],
    ["a leased redemption with a deny list", () => encodeRedemption({ deniedAsOfMs: 1 })],
    ["a fee that leaves nothing", () => encodeRedemption({ cashOut: { feeMinor: 1250n } })],
    ["a fee below nothing", () => encodeRedemption({ cashOut: { feeMinor: -1n } })],
    [
      "another way of recognising somebody",
      () => encodeRedemption({ authentication: { method: "face" as "photo", result: "confirmed" } }),
    ],
    ["policy 0", () => encodePolicy({ ...policy, version: 0 })],
    [
      "a policy with two limits for one currency",
      () => encodePolicy({ ...policy, currencies: [...policy.currencies, ...policy.currencies] }),
    ],
    ["a policy of more than 90 days", () => encodePolicy({ ...policy, unanchoredHours: 2_161 })],
    ["another mode", () => encodeRedemption({ mode: "free" as "leased" })],
    ["a negative epoch", () => encodeRedemption({ epoch: { generation: 1, n: -1 } })],
    ["a verifier of 15 bytes", () => encodeVoucherToken({ ...token, verifier: new Uint8Array(15) })],
    [
      "a held verdict without a reason",
      () => encodeVerdictList({ ...list, verdicts: [{ ...held, reason: null }] }),
    ],
    [
      "1001 verdicts",
      () => encodeVerdictList({ ...list, verdicts: Array.from({ length: 1001 }, () => held) }),
    ],
    ["a key set without a key for key sets", () => encodeKeySet({ ...keySet, keys: keySet.keys.slice(1) })],
    ["a box key of small order", () => encodeKeySet({ ...keySet, serverBoxKey: new Uint8Array(32) })],
    ["65 keys", () => encodeKeySet({ ...keySet, keys: Array.from({ length: 65 }, () => keySet.keys[0]!) })],
    [
      "a key set with a key for operations",
      () => encodeKeySet({ ...keySet, keys: [...keySet.keys, { kind: "operation" as "lease", publicKey }] }),
    ],
    [
      "a node key of small order",
      () => encodeEnrolmentCertificate({ ...certificate, nodePublicKey: new Uint8Array(32) }),
    ],
    ["an assertion numbered 0", () => encodeSessionAssertion({ ...assertion, counter: 0 })],
    ["a lease of no voucher", () => encodeLease({ ...lease, serial: 0n })],
  ])("%s", (_, encode) => {
    expect(encode).toThrow(/not a valid document|UUID|encod/);
  });

  test("a thousand verdicts with long texts still fit in one list", () => {
    const long: Verdict = { ...held, reason: "r".repeat(128), transactionId: "t".repeat(128) };
    const payload = encodeVerdictList({ ...list, verdicts: Array.from({ length: 1000 }, () => long) });
    expect(decodeVerdictList(payload).ok).toBe(true);
  });
});

describe("refusals name the field", () => {
  test.each<[string, string, Map<CborKey, CborValue>]>([
    ["unsupported-version", "version", fields().set(1, 2)],
    ["unsupported-version", "version", fields().set(1, 2).set(14, "new in 2")],
    ["wrong-type", "sequence", fields().set(4, "1")],
    ["out-of-range", "sequence", fields().set(4, 0)],
    ["wrong-type", "sequence", fields().set(4, 1n << 53n)],
    ["out-of-range", "nodeId", fields().set(2, new Uint8Array(15))],
    ["out-of-range", "body.type", inBody(0, "give-refund")],
    ["wrong-type", "body.type", inBody(0, 1)],
    ["out-of-range", "body.epoch.n", inBody(2, [1, -1])],
    ["wrong-type", "body.epoch", inBody(2, [1])],
    ["wrong-type", "body.epoch", inBody(2, [1, 2, 3])],
    ["unknown-field", "body.3", inBody(3, 0)],
    // What a later field means when it is not there is never written.
    ["out-of-range", "anchored", fields().set(13, true)],
    ["wrong-type", "anchored", fields().set(13, null)],
    ["wrong-type", "body", fields().set(12, [])],
    ["missing-field", "body.type", fields().set(12, new Map())],
  ])("%s: %s", (code, field, changed) => {
    expect(decodeOperation(encodeCbor(changed))).toEqual({ ok: false, refusal: { code, field } });
  });
});

function mapIn(payload: Uint8Array): Map<CborKey, CborValue> {
  const decoded = decodeCbor(payload);
  if (!decoded.ok || !(decoded.value instanceof Map)) throw new Error("a document is a map");
  return new Map(decoded.value as ReadonlyMap<CborKey, CborValue>);
}

function encodeRedemption(changes: Partial<RedeemVoucher>): Uint8Array {
  return encodeOperation({ ...operation, body: { ...redeem, ...changes } });
}

function fields(): Map<CborKey, CborValue> {
  return mapIn(encodeOperation({ ...operation, body: release }));
}

function inBody(key: number, value: CborValue): Map<CborKey, CborValue> {
  const body = fields().get(12) as ReadonlyMap<CborKey, CborValue>;
  return fields().set(12, new Map(body).set(key, value));
}
