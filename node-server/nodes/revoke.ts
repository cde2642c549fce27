/**
 * Revoking and freezing a node (design: "Forks and clones"): what was stored last is recorded; whatever lies beyond it is held
 * for a person. Neither is taken back: the machine enrols anew.
 */
import type { NodeRow, Store } from "../ports/store.ts";

type Stopped = { readonly lastSequence: number } | undefined;

/** Undefined when there is no such node. Its leases run to their end. */
export function revokeNode(store: Store, nodeId: string, actor = "operator"): Promise<Stopped> {
  return stop(store, nodeId, {
    status: "revoked",
    from: ["active", "frozen", "revoked"],
    action: "node.revoke",
    actor,
  });
}

/** As a server does that finds two histories of one node. Undefined when there is no such active node. */
export function freezeNode(store: Store, nodeId: string, actor: string): Promise<Stopped> {
  return stop(store, nodeId, { status: "frozen", from: ["active"], action: "node.freeze", actor });
}

interface Stop {
  readonly status: NodeRow["status"];
  readonly from: readonly NodeRow["status"][];
  readonly action: string;
  readonly actor: string;
}

function stop(store: Store, nodeId: string, { status, from, action, actor }: Stop): Promise<Stopped> {
  return store.transaction(async (tx) => {
    const node = await tx.nodes.lock(nodeId);
    if (!node || !from.includes(node.status)) return undefined;
    await tx.nodes.setStatus(nodeId, status);
    const { lastSequence } = node;
    await tx.audit.record({
      actor,
      action,
      subject: `node:${nodeId}`,
      before: { status: node.status },
      after: { status, lastSequence },
    });
    return { lastSequence };
  });
}
