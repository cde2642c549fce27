/**
 * Commands over many vouchers (GovStack vouchers: activate, suspend, unsuspend, block, cancel, purge): stored and
 * answered, then worked through by a worker, each item in its own transaction with its own outcome.
 */
import { decideVoucher } from "#core/decide.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import type { VoucherRefusalCode } from "#core/voucher-refusal.ts";
import { hasExpired } from "#core/voucher-validity.ts";
import { parseSerial } from "#core/voucher-number.ts";
import { encodeVoucherToken, tokenToText } from "#sync/documents/voucher-token.ts";
import { signDocument } from "#sync/signing/cose.ts";
import type { Signer } from "#sync/signing/signers.ts";
import { requestCallback } from "../callbacks/outbox.ts";
import type {
  CommandItem,
  ItemOutcome,
  NodeRow,
  Store,
  Tx,
  VoucherAction,
  VoucherRow,
} from "../ports/store.ts";
import { changeVoucher } from "./change.ts";
import { expiredIfDue } from "./expire.ts";
import { grantLease, lockLeaseNode } from "./leases.ts";
import type { LeaseRefusal } from "./leases.ts";

/** Gives the signer of a voucher's token by its key id, null for the installation's first; undefined once that is retired. */
export type TokenSigner = (keyId: Uint8Array | null) => Promise<Signer | undefined>;

export interface CommandDependencies {
  readonly store: Store;
  readonly tokenSigner: TokenSigner;
  readonly leaseSigner: Signer;
  /** How long after its not-after a lease stays open for its holder's operations. */
  readonly graceMs: number;
}

/** Thrown inside an item's transaction so that nothing of a refused item stays. */
export class ItemRefused extends Error {
  readonly code: ItemRefusalCode;
  constructor(code: ItemRefusalCode) {
    super(code);
    this.code = code;
  }
}

export type ItemRefusalCode =
  | VoucherRefusalCode
  | LeaseRefusal["code"]
  | "no-such-dispenser"
  | "token-key-retired"
  | "unknown-voucher"
  | "other-institution";

/** Works through a stored command until every item has its outcome. Safe to run again after a crash. */
export async function runCommand(deps: CommandDependencies, commandId: bigint): Promise<void> {
  while (await runItem(deps, commandId));
}

async function runItem(deps: CommandDependencies, commandId: bigint): Promise<boolean> {
  let line = 0;
  try {
    return await deps.store.transaction(async (tx) => {
      const command = await tx.commands.lock(commandId);
      if (!command) throw new Error(`no voucher command ${commandId}`);
      const item = await tx.commands.nextOpen(commandId);
      if (!item) {
        await tx.commands.complete(commandId);
        const { institutionId, callbackUrl: url } = command;
        const request = { institutionId, kind: "command", subject: commandId, url } as const;
        await tx.jobs.enqueue(await requestCallback(tx, request, command.command));
        return false;
      }
      line = item.line;
      await tx.commands.finish(commandId, line, await carryOutItem(deps, tx, command.institutionId, item));
      return true;
    });
  } catch (error) {
    if (!(error instanceof ItemRefused)) throw error;
    const failureReason = itemFailureReasons[error.code];
    await deps.store.transaction((tx) => tx.commands.finish(commandId, line, { failureReason }));
    return true;
  }
}

type Done = Extract<ItemOutcome, { readonly failureReason: null }>;

const doneAtOnce: Done = { failureReason: null, pending: null, pendingUntil: null };

/** Carries one item out for the institution; throws ItemRefused. */
export async function carryOutItem(
  deps: CommandDependencies,
  tx: Tx,
  institutionId: string,
  item: CommandItem,
): Promise<Done> {
  const node = item.leaseTo === null ? undefined : await lockNode(tx, item.leaseTo);
  const serial = parseSerial(item.serialNumber);
  const locked = serial === undefined ? undefined : (await tx.vouchers.lock([serial])).get(serial);
  if (!locked) throw new ItemRefused("unknown-voucher");
  if (locked.institutionId !== institutionId) throw new ItemRefused("other-institution");
  const voucher = await expiredIfDue(tx, locked);
  if (hasExpired(voucher, await tx.now()) && item.action !== "cancel") throw new ItemRefused("expired");
  if (item.action === "activate") return activate(deps, tx, voucher, node, item);
  return change(deps, tx, voucher, item.action);
}

async function activate(
  deps: CommandDependencies,
  tx: Tx,
  voucher: VoucherRow,
  node: NodeRow | undefined,
  { leaseUntil, dispensedBy }: Pick<CommandItem, "leaseUntil" | "dispensedBy">,
): Promise<Done> {
  const decision = decideVoucher(voucher, { type: "ACTIVATE" });
  if (!decision.ok) throw new ItemRefused(decision.refusal.code);
  const activatedAt = await tx.now();
  const group = await tx.registry.voucherGroup(voucher.groupCode);
  if (!group) throw new Error(`voucher ${voucher.serial} has an unknown group`);
  const expiresAt = new Date(activatedAt.getTime() + group.validityDays * 86_400_000);
  const signer = await deps.tokenSigner(voucher.tokenKeyId);
  if (!signer) throw new ItemRefused("token-key-retired");
  const token = await signToken(signer, voucher, expiresAt);
  if (dispensedBy !== undefined && !(await tx.registry.merchant(dispensedBy)))
    throw new ItemRefused("no-such-dispenser");
  const activation = { activatedAt, expiresAt, token, ...(dispensedBy !== undefined && { dispensedBy }) };
  await tx.vouchers.update(voucher.serial, { ...decision.next, ...activation });
  await tx.audit.record({
    actor: voucher.institutionId,
    action: "voucher.activate",
    subject: `voucher:${voucher.serial}`,
    before: { state: voucher.state },
    after: { state: decision.next.state },
  });
  if (!node) return doneAtOnce;
  const leased = await grantLease(
    tx,
    deps.leaseSigner,
    { ...voucher, ...decision.next, expiresAt, token },
    node,
    leaseUntil,
  );
  if (!leased.ok) throw new ItemRefused(leased.refusal.code);
  return doneAtOnce;
}

const events = {
  suspend: "SUSPEND",
  unsuspend: "UNSUSPEND",
  block: "BLOCK",
  cancel: "CANCEL",
  purge: "PURGE",
} as const satisfies Record<Exclude<VoucherAction, "activate">, VoucherEvent["type"]>;

async function change(
  { graceMs }: CommandDependencies,
  tx: Tx,
  voucher: VoucherRow,
  action: keyof typeof events,
): Promise<Done> {
  const changed = await changeVoucher(
    tx,
    voucher,
    { type: events[action] },
    {
      actor: voucher.institutionId,
      action: `voucher.${action}`,
    },
  );
  if (!changed.ok) throw new ItemRefused(changed.refusal.code);
  if (action === "purge") await tx.vouchers.erase(voucher.serial);
  const { pending } = changed.next;
  if (pending === null) return doneAtOnce;
  const lease = await tx.leases.open(voucher.serial);
  const pendingUntil = lease ? new Date(lease.notAfter.getTime() + graceMs) : null;
  return { failureReason: null, pending, pendingUntil };
}

async function lockNode(tx: Tx, leaseTo: string): Promise<NodeRow> {
  const found = await lockLeaseNode(tx, leaseTo);
  if (!found.ok) throw new ItemRefused(found.refusal.code);
  return found.node;
}

async function signToken(signer: Signer, voucher: VoucherRow, expiresAt: Date): Promise<string> {
  const payload = encodeVoucherToken({
    serial: voucher.serial,
    group: voucher.groupCode,
    amountMinor: voucher.amountMinor,
    currency: voucher.currency,
    expiresAtMs: expiresAt.getTime(),
    programme: voucher.programId,
    verifier: voucher.numberVerifier,
    atRisk: voucher.atRisk,
  });
  return tokenToText(await signDocument(signer, payload));
}

/** The reasons of a callback's failed cases, at most 100 characters (GovStack vouchers). */
export const itemFailureReasons: Readonly<Record<ItemRefusalCode, string>> = {
  "unknown-voucher": "Not Existing",
  "other-institution": "Not Existing",
  "not-activated": "Not Yet Activated",
  "already-activated": "Already Activated",
  suspended: "Suspended",
  "not-suspended": "Not Suspended",
  blocked: "Blocked",
  "being-paid": "Being Paid",
  "already-consumed": "Already Consumed",
  "already-cancelled": "Already Cancelled",
  expired: "Expired",
  purged: "Purged",
  "leased-to-another-node": "Leased To A Node",
  "already-leased": "Already Leased",
  "not-leased": "Not Leased",
  "not-being-paid": "Not Being Paid",
  "already-pending": "Already Pending",
  "not-ended": "Not Consumed, Cancelled Or Expired",
  "no-such-node": "No Such Node Or Merchant To Lease To",
  "no-active-node": "The Merchant To Lease To Has No Active Node",
  "node-frozen": "The Node To Lease To Is Frozen",
  "node-revoked": "The Node To Lease To Is Revoked",
  "node-holds-too-many": "The Node To Lease To Holds As Many Leases As It May",
  "node-not-accepting": "The Merchant To Lease To May Not Redeem This Voucher Group",
  "no-such-dispenser": "No Such Merchant To Hand The Voucher Out",
  "token-key-retired": "Its Number Is No Longer Trusted",
  "lease-too-long": "The Lease Would Outlast The Voucher",
  "never-leased-at-risk": "Vouchers Of An At-Risk Group Are Not Leased",
};
