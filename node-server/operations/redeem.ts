/** Gathers the facts of a redemption under locks, lets `sync/settlement.ts` decide, and claims the voucher. */
import { commitmentOf, openSealedNumber } from "#sync/documents/voucher-number.ts";
import type { BoxKeyPair } from "#sync/signing/sealed.ts";
import type { Operation, RedeemVoucher } from "#sync/documents/operation.ts";
import { settleRedemption } from "#sync/settlement.ts";
import type { RedemptionFacts, RedemptionVerdict } from "#sync/settlement.ts";
import { guaranteeOf, judgeAtRisk } from "./at-risk.ts";
import { judgeCashOut } from "./cash-out.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { canHoldLiquidity, claimVoucher } from "../payments/claim.ts";
import type { NodeRow, Tx, VoucherRow } from "../ports/store.ts";
import { indexOfNumber } from "../vouchers/numbers.ts";
import type { OperationContext } from "./context.ts";
import type { Verdict } from "./verdicts.ts";

export interface RedeemOperation {
  readonly operation: Operation;
  readonly body: RedeemVoucher;
  readonly sealed: Uint8Array | null;
  readonly hash: Uint8Array;
}

/** `leaseIsClosing`: the transaction closes the voucher's open lease, and held claims are judged as it does. */
export async function settleRedeem(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  redeem: RedeemOperation,
  leaseIsClosing: boolean,
): Promise<Verdict> {
  const { body } = redeem;
  const atRisk = body.mode === "at-risk" ? await judgeAtRisk(tx, node, redeem) : undefined;
  const { facts, voucher } = await gatherFacts(context, tx, node, redeem, leaseIsClosing, atRisk, (group) =>
    tx.registry.accepts(node.merchantId, group),
  );
  const verdict = settleRedemption(facts);
  return verdict.verdict === "apply" && voucher
    ? claim(tx, node, voucher, redeem, verdict.entitled)
    : refuse(tx, redeem, verdict, guaranteeOf(atRisk, redeem, voucher));
}

/** Locks the voucher, where there is one; `accepts` says whether whoever is to be paid takes vouchers of its group. */
export async function gatherFacts(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  redeem: RedeemOperation,
  leaseIsClosing: boolean,
  atRisk: RedemptionFacts["atRisk"],
  accepts: (groupCode: string) => Promise<boolean>,
): Promise<{ readonly facts: RedemptionFacts; readonly voucher: VoucherRow | undefined }> {
  const { body, operation } = redeem;
  const voucher = (await tx.vouchers.lock([body.serial])).get(body.serial);
  const facts = {
    nodeId: node.id,
    body,
    lastServerTimeMs: operation.lastServerTimeMs,
    voucher,
    atRisk,
    cashOutBreach: await judgeCashOut(tx, node, redeem),
    openLease: await tx.leases.open(body.serial),
    leaseWasGranted: body.epoch !== null && (await tx.leases.wasGranted(body.serial, node.id, body.epoch)),
    numberProven: voucher !== undefined && (await numberIsProven(context, voucher, redeem)),
    merchantAccepted: voucher !== undefined && (await accepts(voucher.groupCode)),
    takenForGood: (await tx.claims.live(body.serial))?.offline === true,
    leaseIsClosing,
    now: await tx.now(),
  };
  return { facts, voucher };
}

async function claim(
  tx: Tx,
  node: NodeRow,
  voucher: VoucherRow,
  { body, hash }: RedeemOperation,
  entitled: boolean,
): Promise<Verdict> {
  const obstacle = body.mode === "online" ? await obstacleToPayout(tx, node, voucher) : undefined;
  if (obstacle) return { event: { type: "REJECT" }, reason: obstacle };
  const claimed = await claimVoucher(tx, voucher, {
    cause: `operation:${Buffer.from(hash).toString("hex")}`,
    merchantId: node.merchantId,
    // Told that it is applied the till hands out the goods, online too: what it is owed stays owed.
    offline: true,
    entitled,
    actor: `node:${node.id}`,
  });
  if (!claimed.ok) throw new Error(`voucher ${voucher.serial} refused a claim that settlement applied`);
  const { id, transactionId } = claimed.claim;
  return { event: { type: "APPLY" }, reason: null, claimId: id, transactionId };
}

/** Asked for online, nothing was handed out yet: what is known to stand in the way of the payout is told at once. */
async function obstacleToPayout(
  tx: Tx,
  { merchantId }: NodeRow,
  voucher: VoucherRow,
): Promise<"merchant-not-creditable" | "fsp-funds-short" | undefined> {
  const merchant = await tx.registry.merchant(merchantId);
  if (merchant?.status !== "active") return "merchant-not-creditable";
  const { fspId } = await tx.registry.paymentTerms(merchantId, voucher.groupCode, voucher.currency);
  return fspId === null || (await canHoldLiquidity(tx, fspId, voucher)) ? undefined : "fsp-funds-short";
}

async function refuse(
  tx: Tx,
  { body }: RedeemOperation,
  verdict: RedemptionVerdict,
  guaranteedMinor: bigint | undefined,
): Promise<Verdict> {
  if (verdict.verdict === "hold") return { event: { type: "HOLD" }, reason: verdict.reason };
  if (verdict.verdict === "apply") throw new Error("an applied redemption is not refused");
  const winner = await winningOperation(tx, body.serial);
  // What relied on a lease that had closed is guaranteed in full (4.5); online, no goods were given.
  const guaranteed = verdict.code === "lease-closed" ? body.amountMinor : guaranteedMinor;
  const isLoss = verdict.lost && body.mode !== "online";
  return {
    event: { type: "REJECT" },
    reason: verdict.code,
    ...(winner === undefined ? {} : { evidence: winner }),
    ...(isLoss && { isLoss }),
    ...(isLoss && guaranteed !== undefined ? { guaranteedMinor: guaranteed } : {}),
  };
}

/** The loser's verdict names the operation that has the voucher, as evidence. */
async function winningOperation(tx: Tx, serial: bigint): Promise<Uint8Array | undefined> {
  const live = await tx.claims.live(serial);
  return live && (await tx.operations.byClaim(live.id))?.hash;
}

/** Whether it says what the voucher is worth, and whoever made it knew the number: without that nobody may apply it. */
export async function isGenuine(
  context: OperationContext,
  voucher: VoucherRow,
  redeem: Pick<RedeemOperation, "body" | "sealed">,
): Promise<boolean> {
  const { amountMinor, currency } = redeem.body;
  const isItsValue = amountMinor === voucher.amountMinor && currency === voucher.currency;
  return isItsValue && numberIsProven(context, voucher, redeem);
}

/** The merchant knew the number: what was sealed fits the signed commitment, and is this voucher's number. */
async function numberIsProven(
  context: OperationContext,
  voucher: VoucherRow,
  redeem: Pick<RedeemOperation, "body" | "sealed">,
): Promise<boolean> {
  const secret = redeem.sealed ? await openNumber(context, redeem.sealed) : undefined;
  if (!secret || !equalBytes(commitmentOf(secret), redeem.body.numberCommitment)) return false;
  return equalBytes(indexOfNumber(context.indexKey, secret.number), voucher.numberIndex);
}

type NumberOpened = ReturnType<typeof openSealedNumber>;

const opened = new WeakMap<Uint8Array, { readonly boxKeys: BoxKeyPair; readonly number: NumberOpened }>();

/**
 * Opens what an operation has sealed, once. Those of a run are opened before they are settled: they come off the threads in
 * any order, and a run is settled in its own.
 */
export function openNumber({ boxKeys }: Pick<OperationContext, "boxKeys">, sealed: Uint8Array): NumberOpened {
  const known = opened.get(sealed);
  if (known?.boxKeys === boxKeys) return known.number;
  const number = openSealedNumber(boxKeys, sealed);
  opened.set(sealed, { boxKeys, number });
  return number;
}
