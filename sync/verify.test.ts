import { describe, expect, test } from "vitest";
import { createAuthority } from "../test/support/authority.ts";
import { encodeAcknowledgement } from "./documents/acknowledgement.ts";
import { encodeBundle } from "./documents/bundle.ts";
import type { ReceiptBundle } from "./documents/bundle.ts";
import { encodeCarriedQueue } from "./documents/carried-queue.ts";
import { encodeOperation } from "./documents/operation.ts";
import type { Verdict } from "./documents/verdict-list.ts";
import { hashOf, parseDocument, signDocumentSync } from "./signing/cose.ts";
import { ed25519Key } from "./signing/ed25519.ts";
import { createSyncSigner } from "./signing/signers.ts";
import { verifyFile } from "./verify.ts";

const authority = createAuthority();
const stranger = createAuthority(2);
const key = ed25519Key(new Uint8Array(32).fill(9));
const nodeId = "0192f000-0000-7000-8000-000000000001";
const certificate = authority.certificate(nodeId, key.publicKey);

function operation(sequence = 1, node = nodeId): { bytes: Uint8Array; hash: Uint8Array } {
  const payload = encodeOperation({
    nodeId: node,
    operationId: "0192f000-0000-7000-8000-00000000000a",
    sequence,
    previousHash: new Uint8Array(32),
    wallTimeMs: 1_700_000_000_000,
    bootId: "00000000-0000-4000-8000-000000000001",
    sinceBootMs: 1000,
    lastServerTimeMs: 1_700_000_000_000,
    policyVersion: 0,
    anchored: true,
    actor: "Ann",
    body: { type: "release-lease", serial: 12n, epoch: { generation: 1, n: 1 } },
  });
  return signDocumentSync(createSyncSigner("operation", key.seed), payload);
}

function verdict(hash: Uint8Array, change: Partial<Verdict> = {}): Verdict {
  return {
    sequence: 1,
    operationHash: hash,
    status: "applied",
    reason: null,
    transactionId: null,
    decidedAtMs: 1_700_000_000_000,
    duplicate: false,
    evidence: null,
    guaranteedMinor: null,
    ...change,
  };
}

function list(verdicts: readonly Verdict[], by = authority, node = nodeId): Uint8Array {
  return by.verdictList({
    nodeId: node,
    generation: 1,
    serverTimeMs: 1_700_000_000_000,
    lastSequence: 1,
    lastHash: new Uint8Array(32),
    policyVersion: 0,
    auditHead: null,
    verdicts,
  });
}

function receipt(change: Partial<ReceiptBundle> = {}): Uint8Array {
  const { bytes, hash } = operation();
  const keySet = authority.keySetDocument;
  const verdictList = list([verdict(hash)]);
  return encodeBundle({ type: "receipt", keySet, certificate, operation: bytes, verdictList, ...change });
}

async function problemOf(file: Uint8Array, keys = authority.keySet) {
  const verification = await verifyFile(file, keys);
  return verification.ok ? undefined : [verification.problem.part, verification.problem.code];
}

describe("a receipt", () => {
  test("is genuine under the server's keys, and tells whose operation it was and what became of it", async () => {
    expect(await verifyFile(receipt(), authority.keySet)).toMatchObject({
      ok: true,
      keysGiven: true,
      checked: {
        kind: "receipt",
        certificate: { nodeId },
        operation: { sequence: 1, actor: "Ann" },
        verdict: { status: "applied" },
      },
    });
  });

  test("under its own keys is only said to be unchanged", async () => {
    expect(await verifyFile(receipt())).toMatchObject({ ok: true, keysGiven: false });
  });

  test("that somebody made with keys of their own is not genuine under the server's", async () => {
    const forged = encodeBundle({
      type: "receipt",
      keySet: stranger.keySetDocument,
      certificate: stranger.certificate(nodeId, key.publicKey),
      operation: operation().bytes,
      verdictList: list([verdict(operation().hash)], stranger),
    });
    expect(await verifyFile(forged)).toMatchObject({ ok: true, keysGiven: false });
    expect(await problemOf(forged)).toEqual(["certificate", "not-genuine"]);
  });

  test.each([
    [
      "its verdicts were signed by another",
      { verdictList: list([verdict(operation().hash)], stranger) },
      "not-genuine",
    ],
    [
      "its verdicts are another till's",
      { verdictList: list([verdict(operation().hash)], authority, "0192f000-0000-7000-8000-000000000002") },
      "does-not-fit",
    ],
    [
      "its verdict is on another operation",
      { verdictList: list([verdict(new Uint8Array(32))]) },
      "does-not-fit",
    ],
    ["its verdict is missing", { verdictList: list([]) }, "does-not-fit"],
  ] as const)("is refused where %s", async (_why, change, code) => {
    expect(await problemOf(receipt(change))).toEqual(["verdict-list", code]);
  });

  test("is refused where the operation names another node than the certificate of the key", async () => {
    const { bytes } = operation(1, "0192f000-0000-7000-8000-000000000002");
    expect(await problemOf(receipt({ operation: bytes }))).toEqual(["operation", "does-not-fit"]);
  });

  test("with any one bit changed is never genuine", async () => {
    const file = receipt();
    for (let at = 0; at < file.length; at += 7) {
      const changed = Uint8Array.from(file);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const verification = await verifyFile(changed, authority.keySet);
      // The key set that it brings along is not looked at where the reader's own keys are given.
      if (verification.ok) expect(await verifyFile(changed)).toMatchObject({ ok: false });
    }
  });
});

describe("an answer to an exported queue", () => {
  const acknowledgement = {
    nodeId,
    generation: 1,
    fileHash: new Uint8Array(32),
    firstSequence: 1,
    lastSequence: 1,
    lastHash: operation().hash,
    serverTimeMs: 1_700_000_000_000,
  };
  const signed = (by: typeof authority, node = nodeId) =>
    by.sign("acknowledgement", encodeAcknowledgement({ ...acknowledgement, nodeId: node }));
  const answer = (change: { acknowledgement?: Uint8Array; verdictList?: Uint8Array } = {}) =>
    encodeBundle({
      type: "answer",
      keySet: authority.keySetDocument,
      acknowledgement: signed(authority),
      verdictList: list([verdict(operation().hash)]),
      ...change,
    });

  test("is genuine, and tells what the server has stored", async () => {
    expect(await verifyFile(answer(), authority.keySet)).toMatchObject({
      checked: { kind: "answer", acknowledgement: { lastSequence: 1 } },
    });
  });

  test("is refused where either part is somebody else's, or another till's", async () => {
    expect(await problemOf(answer({ acknowledgement: signed(stranger) }))).toEqual([
      "acknowledgement",
      "not-genuine",
    ]);
    const other = "0192f000-0000-7000-8000-000000000002";
    expect(await problemOf(answer({ acknowledgement: signed(authority, other) }))).toEqual([
      "verdict-list",
      "does-not-fit",
    ]);
  });
});

describe("other files", () => {
  test("an exported queue tells whose it is, and is refused where another key signed it", async () => {
    const payload = encodeCarriedQueue({
      certificate,
      keySet: authority.keySetDocument,
      serverBoxKey: authority.box.publicKey,
      firstSequence: 1,
      lastSequence: 3,
      createdAtMs: 1_700_000_000_000,
      sealed: new Uint8Array(40),
    });
    const by = (seed: Uint8Array) => signDocumentSync(createSyncSigner("carried-queue", seed), payload).bytes;
    expect(await verifyFile(by(key.seed), authority.keySet)).toMatchObject({
      checked: { kind: "carried-queue", certificate: { nodeId }, carried: { lastSequence: 3 } },
    });
    expect(await problemOf(by(new Uint8Array(32).fill(3)))).toEqual(["file", "not-genuine"]);
  });

  test("a bare verdict list needs keys, since it brings none", async () => {
    const bare = list([verdict(operation().hash)]);
    expect(await verifyFile(bare)).toMatchObject({ problem: { code: "keys-needed" } });
    expect(await verifyFile(bare, authority.keySet)).toMatchObject({ checked: { kind: "verdict-list" } });
    expect(await problemOf(bare, stranger.keySet)).toEqual(["verdict-list", "not-genuine"]);
  });

  test("a thing of another kind, noise and an empty file are no files of Paypost", async () => {
    const parsed = parseDocument(certificate);
    expect(parsed.ok && hashOf("enrolment-certificate", parsed)).toHaveLength(32);
    for (const file of [certificate, new Uint8Array(100).fill(0xa1), new Uint8Array()]) {
      expect(await problemOf(file)).toEqual(["file", "not-a-paypost-file"]);
    }
  });
});
