/**
 * Judges what a node took at risk by the policy that it names, if that one was current at the node's previous contact
 * (design section 4.2). What the node says counts as far as it speaks against it: when it was told something, what it
 * took since and when a voucher was denied is known to the server itself.
 */
import type { Policy } from "#sync/documents/policy.ts";
import { timeOfUuidv7 } from "#sync/ids.ts";
import { atRiskBreach, limitsIn } from "#sync/limits.ts";
import type { AtRiskFacts } from "#sync/settlement.ts";
import { readPolicy } from "../nodes/policies.ts";
import type { NodeRow, Tx, VoucherRow } from "../ports/store.ts";
import type { RedeemOperation } from "./redeem.ts";

export interface AtRiskJudgement extends AtRiskFacts {
  readonly policy: Policy | undefined;
}

/** Counts the redemption against its contact, whatever becomes of it, and says which limit it breaks. */
export async function judgeAtRisk(tx: Tx, node: NodeRow, redeem: RedeemOperation): Promise<AtRiskJudgement> {
  const { operation, body } = redeem;
  const toldMs = operation.lastServerTimeMs;
  const money = { amountMinor: body.amountMinor, currency: body.currency };
  const before = await tx.limits.used(node.id, toldMs, body.currency);
  await noteAtRiskUse(tx, node, redeem);
  const contact = await tx.limits.contact(node.id, toldMs);
  if (!contact) return broken("contact-not-known");
  if (contact.policyVersion !== operation.policyVersion) return broken("policy-not-current");
  const row = await tx.limits.policy(operation.policyVersion);
  const policy = row && readPolicy(row);
  const breach = atRiskBreach(policy, {
    money,
    before,
    atMs: timeOfUuidv7(operation.operationId),
    anchored: operation.anchored,
    lastServerTimeMs: toldMs,
    deniedAsOfMs: body.deniedAsOfMs ?? 0,
  });
  return { breach, policy, lateSettlementMs: (policy?.atRisk?.lateSettlementHours ?? 0) * 3_600_000 };
}

/** What was taken uses up the limits of its contact, whoever has judged it. */
export function noteAtRiskUse(
  tx: Tx,
  node: NodeRow,
  { operation, body, hash }: Pick<RedeemOperation, "operation" | "body" | "hash">,
): Promise<void> {
  const { amountMinor, currency } = body;
  return tx.limits.noteUse(node.id, {
    operationHash: hash,
    toldMs: operation.lastServerTimeMs,
    money: { amountMinor, currency },
  });
}

/**
 * What a redemption that lost its voucher is guaranteed: up to the policy's floor, and nothing where the voucher had been
 * on the deny list that the node says it looked at.
 */
export function guaranteeOf(
  judged: AtRiskJudgement | undefined,
  { body }: RedeemOperation,
  voucher: VoucherRow | undefined,
): bigint | undefined {
  const { policy, breach } = judged ?? {};
  if (!policy || breach || !voucher?.deniedSince || body.deniedAsOfMs === null) return undefined;
  // A change may be committed a moment after its time was taken.
  const wasListed = voucher.deniedSince.getTime() + policy.clockErrorMs < body.deniedAsOfMs;
  const floor = limitsIn(policy, body.currency)?.guaranteedMinor ?? 0n;
  const guaranteed = floor < body.amountMinor ? floor : body.amountMinor;
  return wasListed || guaranteed === 0n ? undefined : guaranteed;
}

function broken(breach: NonNullable<AtRiskFacts["breach"]>): AtRiskJudgement {
  return { breach, policy: undefined, lateSettlementMs: 0 };
}
