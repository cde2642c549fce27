/** Brings what the server has to say about disputes and payouts, and keeps it. */
import type { NodeCallParts } from "#sync/node-call.ts";
import { fetchDisputes, fetchPayouts } from "#sync/statements.ts";
import type { NodeStores } from "./open.ts";

/** A payout may be committed a little after one that is dated later. */
const overlapMs = 600_000;
/** One visit brings so many pages; the next one goes on from there. */
const mostPages = 20;

/** False where the server did not answer, or does not know the question: what was told before stays, with its age. */
export async function bringStatements(
  calls: NodeCallParts,
  { statements }: Pick<NodeStores, "statements">,
  nowMs: () => number,
): Promise<boolean> {
  const disputes = await fetchDisputes(calls);
  if (!disputes.ok) return false;
  statements.keepDisputes(disputes.disputes, nowMs());
  let after = statements.payoutBefore(overlapMs);
  for (let page = 0; page < mostPages; page++) {
    const answer = await fetchPayouts(calls, after);
    if (!answer.ok) return false;
    const { payouts, more } = answer.statement;
    statements.keepPayouts(payouts, more ? undefined : nowMs());
    const last = payouts.at(-1);
    if (!more || !last) return true;
    after = last.reference;
  }
  return true;
}
