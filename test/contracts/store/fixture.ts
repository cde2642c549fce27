/** Vouchers, nodes and claims in the states that the contract's tests begin with, made through the store itself. */
import { randomBytes, randomUUID } from "node:crypto";
import { fundGroup, releaseReserve, reserveForVouchers } from "../../../node-server/ledger/entries.ts";
import { claimVoucher } from "../../../node-server/payments/claim.ts";
import type {
  BatchKind,
  MerchantClaim,
  LeaseRow,
  NewVoucher,
  OperationRow,
  Tx,
  VoucherInstruction,
  VoucherRow,
} from "../../../node-server/ports/store.ts";
import { closeOpenLease } from "../../../node-server/vouchers/leases.ts";
import type { Registry, StoreSubject } from "./subject.ts";

export const registry: Registry = {
  institutions: [
    { id: "welfare", callbackBaseUrl: "https://welfare.example/", boxPublicKey: randomBytes(32) },
    { id: "keyless", callbackBaseUrl: null, boxPublicKey: null },
    { id: "power", callbackBaseUrl: null, boxPublicKey: null },
    { id: "bank", callbackBaseUrl: null, boxPublicKey: null },
  ],
  groups: [
    { code: "AID", name: "Food aid", validityDays: 90, reservationDays: 30, atRisk: false },
    { code: "KIT", name: "AID", validityDays: 30, reservationDays: 30, atRisk: false },
    { code: "LOW", name: "Hardly funded", validityDays: 30, reservationDays: 30, atRisk: false },
  ],
  disbursing: ["welfare"],
  receivers: ["MPESA"],
  merchants: [
    { id: "corner", name: "Corner shop", status: "active", account: "ACC-7", accepts: ["AID"] },
    { id: "gone", name: "Closed shop", status: "closed", account: null, accepts: [] },
  ],
  billers: [
    {
      id: "power",
      name: "Power company",
      prefix: "EL",
      ownDigits: null,
      checkDigit: "none",
      endpointUrl: "https://power.example",
      inquiry: "stored",
      answerSeconds: 30,
      timeZone: "Africa/Nairobi",
      account: null,
      codes: { OK: "ACK" },
      voucherGroups: ["AID"],
      status: "active",
    },
  ],
  payerFis: [
    {
      id: "bank",
      name: "Bank",
      bic: "BANKKENA",
      endpointUrl: "https://bank.example",
      account: "ACC-1",
      status: "active",
    },
  ],
};

export const amountMinor = 1250n;
const dayMs = 86_400_000;

/** Registers everybody and funds the group AID. */
export async function prepare(subject: StoreSubject): Promise<void> {
  await subject.register(registry);
  const grant = { amountMinor: 10_000_000n, currency: "USD" };
  await subject.store.transaction((tx) => tx.ledger.post(fundGroup("grant", "AID", grant)));
}

export function newInstructions(count: number): VoucherInstruction[] {
  return Array.from({ length: count }, (_, index) => ({
    line: index + 1,
    instructionId: `I${index + 1}`,
    groupCode: "AID",
    currency: "USD",
    amount: "12.50",
    payeeFunctionalId: index === 0 ? "P-1" : null,
    narration: "Lentils, 5 kg",
  }));
}

export async function newBatch(
  tx: Tx,
  instructions: readonly VoucherInstruction[],
  kind: BatchKind = "request",
  institutionId = "welfare",
): Promise<bigint> {
  const batchId = randomUUID().slice(0, 12);
  const batch = {
    kind,
    institutionId,
    batchId,
    requestId: `R-${batchId}`,
    programId: "winter",
    callbackUrl: "https://welfare.example/batches",
  };
  const id = await tx.batches.insert(batch, instructions);
  if (id === undefined) throw new Error("the batch id was used before");
  return id;
}

export function newVoucher(batch: bigint, line: number, serial: bigint): NewVoucher {
  return {
    serial,
    batch,
    line,
    groupCode: "AID",
    amountMinor,
    currency: "USD",
    numberIndex: bytes(32),
    numberVerifier: bytes(16),
    tokenKeyId: bytes(8),
    expiresAt: new Date(Date.now() + 90 * dayMs),
    ciphertext: randomBytes(33).toString("base64"),
  };
}

/** Makes vouchers with their reserve, in one transaction. */
export function issue({ store }: StoreSubject, count = 1): Promise<bigint[]> {
  return store.transaction(async (tx) => {
    const batch = await newBatch(tx, newInstructions(count));
    const serials = await tx.vouchers.nextSerials(count);
    const rows = serials.map((serial, index) => newVoucher(batch, index + 1, serial));
    await tx.vouchers.insert(rows, reserveForVouchers(`${batch}`, "AID", "USD", rows));
    return serials;
  });
}

export async function issueOne(subject: StoreSubject): Promise<bigint> {
  const [serial] = await issue(subject);
  if (serial === undefined) throw new Error("no voucher was made");
  return serial;
}

export async function activated(subject: StoreSubject): Promise<bigint> {
  const serial = await issueOne(subject);
  await subject.store.transaction((tx) =>
    tx.vouchers.update(serial, {
      state: "activated",
      pending: null,
      token: "PV1:X",
      activatedAt: new Date(),
    }),
  );
  return serial;
}

export async function enrolledNode({ store }: StoreSubject): Promise<string> {
  const id = randomUUID();
  const keys = { publicKey: bytes(32), certificate: bytes(80), lastHash: bytes(32) };
  await store.transaction((tx) => tx.nodes.insert({ id, merchantId: "corner", name: "Till 1", ...keys }));
  return id;
}

/** Leases an activated voucher for a week. */
export function lease({ store }: StoreSubject, serial: bigint, nodeId: string): Promise<LeaseRow> {
  return store.transaction(async (tx) => {
    await tx.vouchers.lock([serial]);
    const n = (await tx.leases.lastEpochN(serial, 1)) + 1;
    const notAfter = new Date(Date.now() + 7 * dayMs);
    const row = {
      serial,
      nodeId,
      epoch: { generation: 1, n },
      notAfter,
      document: bytes(60),
      renewable: true,
    };
    await tx.leases.insert(row);
    await tx.vouchers.update(serial, { state: "leased", pending: null });
    await tx.shapes.putLease(row, "PV1:X");
    return row;
  });
}

/** Thrown here, not by the store, for a step that the voucher's state does not allow. */
export class NotAllowed extends Error {}

export function release({ store }: StoreSubject, serial: bigint): Promise<void> {
  return store.transaction(async (tx) => {
    if ((await locked(tx, serial)).state !== "leased") throw new NotAllowed();
    await closeOpenLease(tx, serial, "released");
    await tx.vouchers.update(serial, { state: "activated", pending: null });
  });
}

export function cancel({ store }: StoreSubject, serial: bigint): Promise<void> {
  return store.transaction(async (tx) => {
    const voucher = await locked(tx, serial);
    await tx.vouchers.update(serial, { state: "cancelled", pending: null });
    await tx.ledger.post(releaseReserve(voucher));
  });
}

export function claim({ store }: StoreSubject, serial: bigint, offline = false): Promise<MerchantClaim> {
  return store.transaction(async (tx) => {
    const voucher = await locked(tx, serial);
    const request = {
      cause: randomUUID(),
      merchantId: "corner",
      offline,
      entitled: true,
      actor: "node:test",
    };
    const outcome = await claimVoucher(tx, voucher, request);
    if (!outcome.ok) throw new NotAllowed(outcome.refusal.code);
    return outcome.claim;
  });
}

export async function locked(tx: Tx, serial: bigint): Promise<VoucherRow> {
  const voucher = (await tx.vouchers.lock([serial])).get(serial);
  if (!voucher) throw new Error(`no voucher ${serial}`);
  return voucher;
}

/** Some questions to the database, in which whoever does not wait for a lock gets ahead. */
export async function linger(tx: Tx): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await tx.now();
}

export function newOperation(
  nodeId: string,
  sequence: number,
  serial: bigint | null,
): OperationRow & { readonly operationId: string } {
  return {
    nodeId,
    hash: bytes(32),
    sequence,
    operationId: randomUUID(),
    branch: "chain",
    type: "redeem-voucher",
    signed: bytes(120),
    sealed: bytes(72),
    state: "queued",
    reason: null,
    transactionId: null,
    evidence: null,
    guaranteedMinor: null,
    claimId: null,
    serial,
    decidedAt: null,
  };
}

export function bytes(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}
