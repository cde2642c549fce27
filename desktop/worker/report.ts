/** What operators are told of this node with each session (`sync/documents/session-assertion.ts`). */
import { mostCurrencies } from "#sync/documents/session-assertion.ts";
import type { NodeReport } from "#sync/documents/session-assertion.ts";
import type { NodeStores } from "./open.ts";

export function reportOf(
  { queue, history }: Pick<NodeStores, "queue" | "history">,
  version: string,
): NodeReport {
  const confirmed = queue.serverSequence();
  const [oldest] = queue.after(confirmed, 1);
  return {
    version,
    waiting: Math.max(0, queue.head().sequence - confirmed),
    oldestMs: oldest?.createdMs ?? null,
    worth: history
      .queuedSums()
      .slice(0, mostCurrencies)
      .map(({ currency, amountMinor }) => ({ amountMinor, currency })),
  };
}
