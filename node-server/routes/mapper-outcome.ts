/** For callers of the account mapper that wait: what was asked is done before it is answered. */
import { runAccepted } from "../mapper/accept-request.ts";
import { composeOutcome } from "../mapper/callback.ts";
import type { Store } from "../ports/store.ts";
import type { RequestIdentity } from "../accept-once.ts";

export async function outcomeNow(
  store: Store,
  identity: RequestIdentity,
  asked: Parameters<typeof runAccepted>[2],
): Promise<Record<string, unknown>> {
  const id = await runAccepted(store, identity, asked);
  return store.transaction(async (tx) => {
    const request = await tx.mapperRequests.find(id);
    if (!request) throw new Error(`no mapper request ${id}`);
    return composeOutcome(tx, request);
  });
}
