/**
 * What is to be done next about a claim that is not settled: send a credit, or ask what became of the one that may have
 * been sent. A credit by a provider is noted in the same transaction, which is committed before it is sent.
 */
import { holdLiquidity } from "../ledger/entries.ts";
import type { MerchantClaim, Tx } from "../ports/store.ts";
import { canHoldLiquidity, termsOf } from "./claim.ts";
import type { Payout } from "./gateway.ts";

export interface NextCredit {
  readonly do: "send" | "ask";
  /** The credit's number; null for one that nobody outside of this database hears of. */
  readonly attempt: number | null;
  readonly payout: Payout;
}

export type NextCreditOutcome =
  | { readonly ok: true; readonly credit: NextCredit }
  /** Nothing can be sent now, and nothing is under way. */
  | { readonly ok: false; readonly reason: string };

/** The claim is locked by its voucher. */
export async function nextCredit(
  tx: Tx,
  isExternal: boolean,
  claim: MerchantClaim,
): Promise<NextCreditOutcome> {
  const merchant = await tx.registry.merchant(claim.merchantId);
  if (!merchant) throw new Error(`no merchant ${claim.merchantId}`);
  const payoutOf = (n: number) => payout(claim, merchant.account, n);
  const attempts = await tx.claims.attempts(claim.id);
  const last = attempts.at(-1);
  if (last?.outcome === null)
    return { ok: true, credit: { do: "ask", attempt: last.n, payout: payoutOf(last.n) } };
  if (merchant.status !== "active") return { ok: false, reason: "the merchant's account is closed" };
  if (!(await hasLiquidity(tx, claim))) return { ok: false, reason: "the FSP has too little liquidity" };
  const n = (last?.n ?? 0) + 1;
  // Fees may leave nothing to be sent.
  const isNoted = isExternal && claim.feeMinor < claim.amountMinor;
  if (isNoted) await tx.claims.startAttempt(claim.id, n);
  return { ok: true, credit: { do: "send", attempt: isNoted ? n : null, payout: payoutOf(n) } };
}

/** Holds the FSP's liquidity where an offline claim was made without. */
async function hasLiquidity(tx: Tx, claim: MerchantClaim): Promise<boolean> {
  if (claim.fspId === null || claim.liquidityHeld) return true;
  if (!(await canHoldLiquidity(tx, claim.fspId, claim))) return false;
  await tx.ledger.post(holdLiquidity(claim, termsOf(claim)));
  await tx.claims.markLiquidityHeld(claim.id);
  return true;
}

/** A refused key is refused for ever: the next credit has another, derived all the same. */
function payout(claim: MerchantClaim, account: string | null, n: number): Payout {
  return {
    idempotencyKey: n === 1 ? claim.id : `${claim.id}-${n}`,
    payeeId: claim.merchantId,
    fspId: claim.fspId,
    account,
    money: { amountMinor: claim.amountMinor - claim.feeMinor, currency: claim.currency },
  };
}
