/** What a node is told about its own disputes and payouts (`sync/documents/statement.ts`). */
import type { DisputeState } from "#core/dispute.machine.ts";
import { mostTold, mostWords } from "#sync/documents/statement.ts";
import type { DisputeStanding, PayoutStatement, ToldDispute } from "#sync/documents/statement.ts";
import type { NodeDispute, NodeRow, PaidClaim, Store } from "../ports/store.ts";

/** What somebody has proposed is nobody's word to the merchant yet. */
const standings: Readonly<Record<DisputeState, DisputeStanding>> = {
  open: "open",
  proposed: "open",
  refused: "refused",
  appealed: "appealed",
  appealProposed: "appealed",
  paid: "paid",
  refusedFinally: "refusedFinally",
  writtenOff: "writtenOff",
};

export async function disputesOf(store: Store, node: NodeRow): Promise<readonly ToldDispute[]> {
  const rows = await store.transaction((tx) => tx.disputes.ofNode(node.id, mostTold));
  return rows.map(tellDispute);
}

/** After the payout of that reference; null for the first. */
export async function payoutsOf(store: Store, node: NodeRow, after: string | null): Promise<PayoutStatement> {
  const rows = await store.transaction((tx) => tx.claims.paidOfNode(node, after, mostTold + 1));
  return { payouts: rows.slice(0, mostTold).map(tellPayout), more: rows.length > mostTold };
}

function tellDispute(row: NodeDispute): ToldDispute {
  const { sequence, serial, currency, amountMinor, guaranteedMinor, reason, decidedAt } = row;
  return {
    sequence,
    serial,
    currency,
    amountMinor,
    guaranteedMinor,
    reason,
    state: standings[row.state],
    openedAtMs: row.openedAt.getTime(),
    decidedAtMs: decidedAt?.getTime() ?? null,
    because: decidedAt === null ? null : plainWords(row.because),
    appeal: plainWords(row.appeal),
  };
}

function tellPayout(row: PaidClaim): PayoutStatement["payouts"][number] {
  const { transactionId, sequence, serial, currency, amountMinor, feeMinor, paidAt, account, fspName } = row;
  return {
    reference: transactionId,
    sequence,
    serial,
    currency,
    amountMinor: amountMinor - feeMinor,
    feeMinor,
    paidAtMs: paidAt.getTime(),
    account: account === null ? null : masked(account),
    provider: fspName,
  };
}

/** Enough to tell one's own accounts apart, and nothing for whoever finds the till. */
function masked(account: string): string {
  const shown = account.length > 6 ? account.slice(-4) : "";
  return `••••${shown}`;
}

/** One line, and no longer than a node takes. */
function plainWords(text: string | null): string | null {
  const line = text?.replaceAll(/\p{Cc}+/gu, " ").trim() ?? "";
  if (line === "") return null;
  const bytes = new TextEncoder().encode(line).subarray(0, mostWords - 3);
  // A character that was cut in two is left out.
  return new TextDecoder().decode(bytes, { stream: true });
}
