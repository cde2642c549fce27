/** Revoking a node (design: "Forks and clones"): records what was stored last; whatever lies beyond is held. */
import type { Store } from "../ports/store.ts";

/** Undefined when there is no such node. Its leases run to their end. */
export function revokeNode(
  store: Store,
  nodeId: string,
): Promise<{ readonly lastSequence: number } | undefined> {
  return store.transaction(async (tx) => {
    const node = await tx.nodes.lock(nodeId);
    if (!node) return undefined;
    await tx.nodes.setStatus(nodeId, "revoked");
    const { lastSequence } = node;
    await tx.audit.record({
      actor: "operator",
      action: "node.revoke",
      subject: `node:${nodeId}`,
      before: { status: node.status },
      after: { status: "revoked", lastSequence },
    });
    return { lastSequence };
  });
}
