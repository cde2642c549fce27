/**
 * A till's folder as after a long time at a large shop: 100,000 vouchers reserved, 20,000 operations done. Everything is
 * signed and sealed as by a real till and server, but for the verifiers of all vouchers except the first hundred: they cost
 * milliseconds each, and are chance here.
 */
import { decodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { encodeLease } from "#sync/documents/lease.ts";
import { tokenVerifier } from "#sync/documents/voucher-number.ts";
import { encodeVoucherToken, tokenToText } from "#sync/documents/voucher-token.ts";
import { uuidv7 } from "#sync/ids.ts";
import type { ShapeChange } from "#sync/ports/shape-storage.ts";
import { signNext } from "#sync/queue/next-operation.ts";
import { parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { SignedKind } from "#sync/signing/kinds.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";
import { wrapKey } from "../../desktop/worker/keys.ts";
import { createMachineClock } from "../../desktop/worker/machine.ts";
import { createNativeSigner } from "../../desktop/worker/native-signer.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { createShapeStorage } from "../../desktop/worker/store/shapes.ts";
import { hashPin } from "../../desktop/worker/till/pin.ts";
import { createAuthority, testVoucher } from "./authority.ts";
import type { TestVoucher } from "./authority.ts";

export interface LargeTill {
  readonly passphrase: string;
  /** Of Ann, who has id 1 and is a supervisor. */
  readonly pin: string;
  /** Reserved, and with numbers that fit. */
  readonly vouchers: readonly TestVoucher[];
}

const nodeId = "0192f000-0000-7000-8000-000000000001";
const dayMs = 86_400_000;
const waiting = 100;
const atOnce = 2000;

/** Fills an empty folder. Takes about a minute; `vouchers` and `operations` for a smaller one. A number costs milliseconds. */
export async function makeLargeTill(
  directory: string,
  { vouchers = 100_000, operations = 20_000, withNumbers = 100 } = {},
): Promise<LargeTill> {
  const opened = openStores({ directory, wallMs: () => Date.now() });
  if (!opened.ok) throw new Error(`${directory} is in use`);
  const { stores } = opened;
  try {
    const [passphrase, pin] = ["a passphrase for trials only", "4711"];
    const seed = new Uint8Array(32).fill(7);
    const wrappedKey = await wrapKey(ed25519Key(seed), { passphrase, keyStore: undefined }, webRandomBytes);
    enrol(stores, seed, wrappedKey);
    stores.people.add({ name: "Ann", role: "supervisor", ...hashPin(pin, webRandomBytes) });
    stores.people.add({ name: "Ben", role: "cashier", ...hashPin(pin, webRandomBytes) });
    const reserved = Array.from({ length: vouchers }, (_, index) => testVoucher(BigInt(1_000_001 + index)));
    reserve(stores, reserved, withNumbers);
    work(stores, seed, operations);
    stores.writeHead(nodeId, stores.queue.head());
    stores.database.pragma("wal_checkpoint(truncate)");
    return { passphrase, pin, vouchers: reserved.slice(0, withNumbers) };
  } finally {
    stores.close();
  }
}

function enrol(stores: NodeStores, seed: Uint8Array, wrappedKey: string): void {
  const authority = createAuthority();
  const { publicKey } = ed25519Key(seed);
  const document = authority.certificate(nodeId, publicKey, true);
  const parsed = parseDocument(document);
  const certificate = parsed.ok ? decodeEnrolmentCertificate(parsed.payload) : parsed;
  if (!certificate.ok) throw new Error("the certificate cannot be read");
  const [serverUrl, codeHash] = ["http://127.0.0.1:9", new Uint8Array(32)];
  stores.node.keepKey({ publicKey, wrappedKey, serverUrl, codeHash, headFile: null });
  stores.node.keepCertificate(document, certificate.value);
  stores.trust.keepKeySet(authority.keySet, authority.keySetDocument);
  const clock = createMachineClock();
  const [wallMs, sinceBootMs] = [clock.wallMs(), clock.sinceBootMs()];
  const { bootId } = clock;
  stores.node.setAnchor({ serverTimeMs: wallMs, wallMs, bootId, sinceBootMs, policyVersion: 0 });
  stores.settings.write({ bytesPerDay: null, onRequest: true });
  stores.vault.unlock(seed);
}

/** As the leases shape would bring them, a chunk at a time. */
function reserve(stores: NodeStores, vouchers: readonly TestVoucher[], withNumbers: number): void {
  const { database, queue, trust, vault } = stores;
  const shapes = createShapeStorage({ database, queue, trust, vault, nodeId, wallMs: () => Date.now() });
  const [tokens, leases] = [serverSigner("voucher-token"), serverSigner("lease")];
  const notAfterMs = Date.now() + 14 * dayMs;
  const epoch = { generation: 1, n: 1 };
  const load = shapes.beginLoad("leases");
  const change = ({ number, ...voucher }: TestVoucher, index: number): ShapeChange => {
    const { serial } = voucher;
    const { keyId } = tokens;
    const verifier = index < withNumbers ? tokenVerifier({ keyId, serial, number }) : webRandomBytes(16);
    const token = { ...voucher, expiresAtMs: notAfterMs, group: "food", programme: "Relief", atRisk: false };
    const signed = signDocumentSync(tokens, encodeVoucherToken({ ...token, verifier })).bytes;
    return {
      type: "lease",
      key: `leases:${serial}`,
      serial,
      epoch,
      notAfterMs,
      lease: signDocumentSync(leases, encodeLease({ serial, nodeId, epoch, notAfterMs })).bytes,
      token: tokenToText(signed),
      amountMinor: voucher.amountMinor,
      currency: voucher.currency,
      recalledMs: null,
    };
  };
  for (let from = 0; from < vouchers.length; from += atOnce) {
    const some = vouchers.slice(from, from + atOnce).map((voucher, index) => change(voucher, from + index));
    shapes.stage("leases", load, some);
  }
  const to = { handle: "h", position: "1_0" };
  shapes.apply({ name: "leases", from: undefined, load, changes: [], to });
}

/** Two months of redemptions in one chain: the last hundred wait, some are held, some were rejected. */
function work(stores: NodeStores, seed: Uint8Array, count: number): void {
  const signer = createNativeSigner("operation", ed25519Key(seed));
  const firstMs = Date.now() - 60 * dayMs;
  const { queue, redemptions, shifts } = stores;
  const shift = shifts.open(1, firstMs).id;
  const one = (index: number): void => {
    const createdMs = firstMs + Math.floor((index * 60 * dayMs) / count);
    const actor = index % 3 === 0 ? "Ben" : "Ann";
    const money = { amountMinor: BigInt(500 + (index % 40) * 25), currency: "USD" };
    const voucher = { serial: BigInt(100_000_001 + index), ...money };
    const operationId = uuidv7(createdMs, webRandomBytes);
    const epoch = { generation: 1, n: 1 };
    const numberCommitment = new Uint8Array(32);
    const signed = signNext(signer, queue.head(), {
      nodeId,
      operationId,
      wallTimeMs: createdMs,
      bootId: "00000000-0000-4000-8000-000000000000",
      sinceBootMs: index,
      lastServerTimeMs: createdMs,
      policyVersion: 0,
      anchored: true,
      actor,
      body: {
        type: "redeem-voucher",
        ...voucher,
        mode: "leased",
        epoch,
        numberCommitment,
        deniedAsOfMs: null,
        authentication: null,
        cashOut: null,
      },
    });
    queue.append({ ...signed, operationId, sealed: webRandomBytes(72), type: "redeem-voucher", createdMs });
    redemptions.insert({
      sequence: signed.sequence,
      ...voucher,
      mode: "leased",
      epoch,
      actor,
      anchored: true,
      lastServerTimeMs: createdMs,
      shift: actor === "Ann" ? shift : null,
      cashFeeMinor: null,
      authentication: null,
    });
    if (index >= count - waiting) return;
    decide(stores, signed.sequence, createdMs + 60_000);
  };
  for (let from = 0; from < count; from += atOnce) {
    queue.transaction(() => {
      for (let index = from; index < Math.min(count, from + atOnce); index++) one(index);
    });
  }
  queue.setServerSequence(Math.max(0, count - waiting));
}

function decide({ queue }: NodeStores, sequence: number, decidedMs: number): void {
  const [state, reason] =
    sequence % 200 === 0
      ? (["rejected", "lease-closed"] as const)
      : sequence % 199 === 0
        ? (["held", "leased-to-another-node"] as const)
        : (["applied", null] as const);
  const transactionId = state === "applied" ? `t${String(sequence).padStart(11, "0")}` : null;
  queue.decide({ sequence, state, reason, transactionId, decidedMs }, new Uint8Array(32));
}

/** The test authority's signer of a kind. */
function serverSigner(kind: SignedKind): SyncSigner {
  const index = serverKinds.findIndex((known) => known === kind);
  const seed = new Uint8Array(32).fill(16 + index);
  return createNativeSigner(kind, ed25519Key(seed));
}
