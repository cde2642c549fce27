/**
 * Planning the execution: each payee is looked up when its money is about to go, the batch is split by receiving
 * institution into chunks, and each chunk is a job of its own, as far apart as the institution can take them.
 */
import type { AddressKind, DisbursementBatch } from "../ports/disbursement.ts";
import type { PlannedCredit, ReceivingInstitution, UnplannedInstruction } from "../ports/execution.ts";
import type { Store, Tx } from "../ports/store.ts";
import type { Addresses } from "../addresses.ts";
import { settleIfEnded } from "./judge.ts";
import type { ResolvedPayee } from "../mapper/resolve.ts";
import type { ResolvePayees } from "./resolve-payees.ts";
import { orderVouchers } from "./vouchers.ts";

export interface ExecuteDependencies {
  readonly store: Store;
  readonly addresses: Addresses;
  readonly resolvePayees: ResolvePayees;
}

const sliceSize = 500;
const mostInChunk = 100;

/** Plans what is not planned yet and takes up what is still open. Safe to run any number of times. */
export async function executeBatch(deps: ExecuteDependencies, id: bigint): Promise<void> {
  await deps.store.transaction((tx) => takeUp(tx, id));
  while (await deps.store.transaction((tx) => planSlice(deps, tx, id)));
  await deps.store.transaction(async (tx) => {
    const batch = await tx.disbursements.lock(id);
    if (batch) await settleIfEnded(tx, batch);
  });
}

/** Chunks that were planned before the batch was paused, stopped or ended. */
async function takeUp(tx: Tx, id: bigint): Promise<void> {
  const batch = await tx.disbursements.lock(id);
  if (batch?.state !== "running" && batch?.state !== "ending") return;
  if (batch.combined) await tx.execution.combine(id);
  for (const { n, institutionId, count } of await tx.execution.openChunks(id))
    await enqueueChunk(tx, id, n, institutionId, count);
}

async function enqueueChunk(
  tx: Tx,
  batch: bigint,
  n: number,
  institutionId: string,
  count: number,
): Promise<void> {
  const from = await tx.execution.pace(institutionId, count);
  const waitSeconds = Math.max(0, (from.getTime() - (await tx.now()).getTime()) / 1000);
  await tx.jobs.enqueue({ queue: "pay-chunk", id: `${batch}/${n}` }, Math.floor(waitSeconds));
}

/** False when there is nothing left to be planned. */
async function planSlice(deps: ExecuteDependencies, tx: Tx, id: bigint): Promise<boolean> {
  const batch = await tx.disbursements.lock(id);
  if (batch?.state !== "running") return false;
  const slice = await tx.execution.nextUnplanned(id, sliceSize);
  if (slice.length === 0) return false;
  const sorted = await sort(deps, tx, batch, slice);
  await tx.execution.refuse(id, sorted.refused);
  for (const { receiver, credits } of sorted.byReceiver.values()) {
    const size = chunkSizeOf(receiver);
    for (let start = 0; start < credits.length; start += size) {
      const chunk = credits.slice(start, start + size);
      const n = await tx.execution.plan(id, { institutionId: receiver.id, rail: receiver.rail }, chunk);
      await enqueueChunk(tx, id, n, receiver.id, chunk.length);
    }
  }
  await orderVouchers(tx, batch, sorted.vouchers);
  return true;
}

/** Of a slow institution no more than it takes in some seconds, so that a pause is one soon. */
function chunkSizeOf({ perSecond }: ReceivingInstitution): number {
  return perSecond === null ? mostInChunk : Math.min(mostInChunk, perSecond * 5);
}

interface Refused {
  readonly line: number;
  readonly reasonCode: string;
  readonly reason: string;
}

interface Sorted {
  readonly refused: readonly Refused[];
  readonly byReceiver: ReadonlyMap<
    string,
    { readonly receiver: ReceivingInstitution; readonly credits: readonly PlannedCredit[] }
  >;
  readonly vouchers: readonly UnplannedInstruction[];
}

async function sort(
  { addresses, resolvePayees }: ExecuteDependencies,
  tx: Tx,
  batch: DisbursementBatch,
  slice: readonly UnplannedInstruction[],
): Promise<Sorted> {
  const refused: Refused[] = [];
  const byReceiver = new Map<string, { receiver: ReceivingInstitution; credits: PlannedCredit[] }>();
  const vouchers: UnplannedInstruction[] = [];
  const identities = slice.flatMap(({ address, payeeIdentity }) =>
    address === null && payeeIdentity !== null ? [payeeIdentity] : [],
  );
  const payees = await resolvePayees(tx, batch.institutionId, [...new Set(identities)]);
  const receivers = createReceivers(tx);
  const pay = async (
    { line }: UnplannedInstruction,
    institutionCode: string | null,
    to: PlannedCredit["to"],
  ) => {
    const receiver = await receivers(institutionCode, to.kind);
    if (!receiver) refused.push({ line, ...noReceiver(institutionCode) });
    else {
      const group = byReceiver.get(receiver.id) ?? { receiver, credits: [] };
      group.credits.push({ line, to });
      byReceiver.set(receiver.id, group);
    }
  };
  for (const instruction of slice) {
    if (instruction.address) {
      await pay(instruction, instruction.institutionCode, instruction.address);
      continue;
    }
    const payee = payees.get(instruction.payeeIdentity ?? "") ?? { kind: "unknown" };
    switch (payee.kind) {
      case "voucher":
        vouchers.push(instruction);
        break;
      case "unknown":
      case "inactive":
      case "unaddressed":
        refused.push({ line: instruction.line, ...refusals[payee.kind] });
        break;
      case "bank":
      case "mobile-money":
      case "digital-wallet":
      case "proxy": {
        const to = { kind: addressKinds[payee.kind], sealed: addresses.ofBatches.seal(payee.account) };
        await pay(instruction, payee.fspId ?? instruction.institutionCode, to);
      }
    }
  }
  return { refused, byReceiver, vouchers };
}

const addressKinds = {
  bank: "account",
  "mobile-money": "msisdn",
  "digital-wallet": "wallet",
  proxy: "proxy",
} as const satisfies Partial<Record<ResolvedPayee["kind"], AddressKind>>;

const refusals = {
  unknown: { reasonCode: "BE06", reason: "The payee is not known to the account mapper" },
  inactive: { reasonCode: "AC06", reason: "The payee or its address is not active" },
  unaddressed: { reasonCode: "AC01", reason: "The payee has no financial address" },
} as const;

function noReceiver(institutionCode: string | null): Omit<Refused, "line"> {
  const reason =
    institutionCode === null
      ? "No receiving institution is named, and there is none for such addresses"
      : `The receiving institution ${institutionCode} is not registered`;
  return { reasonCode: "RC01", reason };
}

/** Looks each institution up once for a slice. */
function createReceivers(tx: Tx) {
  const known = new Map<string, Promise<ReceivingInstitution | undefined>>();
  return (code: string | null, kind: AddressKind): Promise<ReceivingInstitution | undefined> => {
    const name = code ?? `default ${kind}`;
    const found =
      known.get(name) ?? (code === null ? tx.execution.defaultReceiver(kind) : tx.execution.receiver(code));
    known.set(name, found);
    return found;
  };
}
