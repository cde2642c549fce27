/** The make-believe operator: keys of its own, a policy that allows a little of everything, and twenty vouchers. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { luhnDigit } from "#core/voucher-number.ts";
import { encodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { encodeKeySet } from "#sync/documents/key-set.ts";
import { encodeLease } from "#sync/documents/lease.ts";
import { encodePolicy } from "#sync/documents/policy.ts";
import { encodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { VerdictList } from "#sync/documents/verdict-list.ts";
import { tokenVerifier } from "#sync/documents/voucher-number.ts";
import { encodeVoucherToken, tokenToText } from "#sync/documents/voucher-token.ts";
import { bytesToUuid } from "#sync/ids.ts";
import { signDocumentSync } from "#sync/signing/cose.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";

export interface PracticeVoucher {
  readonly serial: bigint;
  /** 16 digits. */
  readonly number: string;
  readonly token: string;
  readonly amountMinor: bigint;
  /** Whether it is reserved for this till; the last ones are taken at risk. */
  readonly isLeased: boolean;
  /** What the make-believe server says to it. */
  readonly outcome: "applied" | "rejected" | "held";
}

export interface PracticeAuthority {
  readonly nodeId: string;
  readonly keySet: Uint8Array;
  readonly policy: Uint8Array;
  readonly vouchers: readonly PracticeVoucher[];
  certificate(nodePublicKey: Uint8Array): Uint8Array;
  lease(serial: bigint): Uint8Array;
  verdictList(list: VerdictList): Uint8Array;
  readonly startedMs: number;
  readonly leasesEndMs: number;
}

export const practiceCurrency = "USD";
export const practiceGroup = "practice";

const yearMs = 365 * 86_400_000;
const firstSerial = 9_000_000_001n;
const voucherCount = 20;
const rejectedAt = 17;
const heldAt = 18;
const firstAtRisk = 19;

/** The same from the same seed and time, so that only those are kept. */
export function createPracticeAuthority(seed: Uint8Array, startedMs: number): PracticeAuthority {
  const derived = (use: string) => sha256(concatBytes(utf8ToBytes(`practice/${use}`), seed));
  const signers = new Map<ServerKind, SyncSigner>(
    serverKinds.map((kind) => [kind, createSyncSigner(kind, derived(kind))]),
  );
  const signer = (kind: ServerKind): SyncSigner => {
    const found = signers.get(kind);
    if (!found) throw new Error(`no signer of ${kind}`);
    return found;
  };
  const sign = (kind: ServerKind, payload: Uint8Array) => signDocumentSync(signer(kind), payload).bytes;
  const nodeId = bytesToUuid(uuidv8(derived("node")));
  const leasesEndMs = startedMs + yearMs;

  const voucherAt = (index: number): PracticeVoucher => {
    const serial = firstSerial + BigInt(index);
    const payload = `4${(firstDigits(derived(`number/${index}`)) % 10n ** 14n).toString().padStart(14, "0")}`;
    const number = payload + luhnDigit(payload);
    const { keyId } = signer("voucher-token");
    const amountMinor = 500n * BigInt((index % 5) + 1);
    const isLeased = index < firstAtRisk;
    const token = encodeVoucherToken({
      serial,
      group: practiceGroup,
      amountMinor,
      currency: practiceCurrency,
      expiresAtMs: leasesEndMs,
      programme: "Practice",
      atRisk: !isLeased,
      verifier: tokenVerifier({ keyId, serial, number }),
    });
    const outcome = index === rejectedAt ? "rejected" : index === heldAt ? "held" : "applied";
    return {
      serial,
      number,
      token: tokenToText(sign("voucher-token", token)),
      amountMinor,
      isLeased,
      outcome,
    };
  };

  return {
    nodeId,
    startedMs,
    leasesEndMs,
    vouchers: Array.from({ length: voucherCount }, (_, index) => voucherAt(index)),
    keySet: sign(
      "key-set",
      encodeKeySet({
        version: 1,
        issuedAtMs: startedMs,
        keys: serverKinds.map((kind) => ({ kind, publicKey: signer(kind).publicKey })),
        serverBoxKey: boxKeyPair(derived("box")).publicKey,
      }),
    ),
    policy: sign(
      "policy",
      encodePolicy({
        version: 1,
        issuedAtMs: startedMs,
        expiresAtMs: leasesEndMs,
        atRisk: { redemptions: 5, hours: 72, denyListHours: 24, lateSettlementHours: 24 },
        unanchoredHours: 24,
        clockErrorMs: 86_400_000,
        currencies: [
          {
            currency: practiceCurrency,
            voucherMinor: 2500n,
            operationMinor: 2500n,
            sumMinor: 10_000n,
            guaranteedMinor: 1000n,
            unanchoredMinor: 10_000n,
          },
        ],
        cashOut: [{ currency: practiceCurrency, fixedMinor: 10n, basisPoints: 100 }],
      }),
    ),
    certificate: (nodePublicKey) =>
      sign(
        "enrolment-certificate",
        encodeEnrolmentCertificate({
          nodeId,
          nodePublicKey,
          merchantId: "PRACTICE",
          merchantName: "Practice",
          issuedAtMs: startedMs,
          generation: 1,
          agent: true,
        }),
      ),
    lease: (serial) =>
      sign("lease", encodeLease({ serial, nodeId, epoch: { generation: 1, n: 1 }, notAfterMs: leasesEndMs })),
    verdictList: (list) => sign("verdict-list", encodeVerdictList(list)),
  };
}

function firstDigits(bytes: Uint8Array): bigint {
  return bytes.slice(0, 8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** RFC 9562 version 8: bytes of one's own. */
function uuidv8(hash: Uint8Array): Uint8Array {
  const bytes = hash.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
