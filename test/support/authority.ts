/** A server's signing keys for tests, and documents made with them. */
import { encodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { encodeKeySet } from "#sync/documents/key-set.ts";
import type { KeySet } from "#sync/documents/key-set.ts";
import { encodeLease } from "#sync/documents/lease.ts";
import type { Lease } from "#sync/documents/lease.ts";
import { encodePolicy } from "#sync/documents/policy.ts";
import type { Policy } from "#sync/documents/policy.ts";
import { encodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { VerdictList } from "#sync/documents/verdict-list.ts";
import { tokenVerifier } from "#sync/documents/voucher-number.ts";
import { encodeVoucherToken, tokenToText } from "#sync/documents/voucher-token.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { signDocumentSync } from "#sync/signing/cose.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import type { BoxKeyPair } from "#sync/signing/sealed.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";

export interface TestVoucher {
  readonly serial: bigint;
  /** 16 digits. */
  readonly number: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly expiresAtMs: number;
}

export interface Authority {
  readonly box: BoxKeyPair;
  readonly keySet: KeySet;
  readonly keySetDocument: Uint8Array;
  /** Signs a key set, its own or another's, with this authority's key. */
  signKeySet(keySet: KeySet): Uint8Array;
  sign(kind: ServerKind, payload: Uint8Array): Uint8Array;
  token(voucher: TestVoucher, change?: Partial<VoucherToken>): string;
  lease(lease: Lease): Uint8Array;
  policy(policy: Policy): Uint8Array;
  /** May be replaced by a test that wants other lists. */
  verdictList: (list: VerdictList) => Uint8Array;
  certificate(nodeId: string, nodePublicKey: Uint8Array, agent?: boolean): Uint8Array;
}

/** `name` makes keys of its own: two authorities of different names trust each other in nothing. */
export function createAuthority(name = 1, version = 1): Authority {
  const signers = new Map<ServerKind, SyncSigner>(
    serverKinds.map((kind, index) => [
      kind,
      createSyncSigner(kind, new Uint8Array(32).fill(name * 16 + index)),
    ]),
  );
  const signer = (kind: ServerKind): SyncSigner => {
    const found = signers.get(kind);
    if (!found) throw new Error(`no signer for ${kind}`);
    return found;
  };
  const sign = (kind: ServerKind, payload: Uint8Array) => signDocumentSync(signer(kind), payload).bytes;
  const box = boxKeyPair(new Uint8Array(32).fill(name + 100));
  const keySet: KeySet = {
    version,
    issuedAtMs: 0,
    keys: serverKinds.map((kind) => ({ kind, publicKey: signer(kind).publicKey })),
    serverBoxKey: box.publicKey,
  };
  return {
    box,
    keySet,
    keySetDocument: sign("key-set", encodeKeySet(keySet)),
    sign,
    signKeySet: (other) => sign("key-set", encodeKeySet(other)),
    token({ number, ...voucher }, change = {}) {
      const { keyId } = signer("voucher-token");
      const verifier = tokenVerifier({ keyId, serial: voucher.serial, number });
      const token = { ...voucher, group: "food", programme: "Relief", atRisk: false, verifier, ...change };
      return tokenToText(sign("voucher-token", encodeVoucherToken(token)));
    },
    policy: (policy) => sign("policy", encodePolicy(policy)),
    lease: (lease) => sign("lease", encodeLease(lease)),
    verdictList: (list) => sign("verdict-list", encodeVerdictList(list)),
    certificate: (nodeId, nodePublicKey, agent = false) =>
      sign(
        "enrolment-certificate",
        encodeEnrolmentCertificate({
          nodeId,
          nodePublicKey,
          merchantId: "M-1",
          merchantName: "Corner Shop",
          issuedAtMs: 0,
          generation: 1,
          agent,
        }),
      ),
  };
}

export function testVoucher(serial: bigint, change: Partial<TestVoucher> = {}): TestVoucher {
  const number = `4${serial.toString().padStart(15, "0")}`;
  return {
    serial,
    number,
    amountMinor: 1250n,
    currency: "USD",
    expiresAtMs: Date.now() + 86_400_000,
    ...change,
  };
}
