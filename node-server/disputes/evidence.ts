/** The evidence of a dispute as a file that anyone can check (`npm run verify`): both operations, and the signed rejection. */
import { encodeBundle } from "#sync/documents/bundle.ts";
import type { OperationContext } from "../operations/context.ts";
import { certificateFor } from "../nodes/change-key.ts";
import { signVerdicts } from "../operations/verdicts.ts";
import type { Store } from "../ports/store.ts";
import type { DisputeName } from "./disputes.ts";

export interface EvidenceParts {
  readonly store: Store;
  readonly context: OperationContext;
  readonly keySet: { readonly document: Uint8Array };
}

/** Undefined when there is no such dispute. */
export function evidenceOf(
  { store, context, keySet }: EvidenceParts,
  { nodeId, hash }: DisputeName,
): Promise<Uint8Array | undefined> {
  return store.transaction(async (tx) => {
    const node = await tx.nodes.find(nodeId);
    const row = await tx.operations.byHash(nodeId, hash);
    if (!node || !row || !(await tx.disputes.lock(nodeId, hash))) return undefined;
    const won = row.evidence && (await tx.operations.byHashAlone(row.evidence));
    const winnersNode = won && (await tx.nodes.find(won.nodeId));
    return encodeBundle({
      type: "evidence",
      keySet: keySet.document,
      certificate: await certificateFor(tx, node, row.sequence),
      operation: row.signed,
      verdictList: await signVerdicts(context, tx, nodeId, [{ row, duplicate: true }]),
      winner:
        won && winnersNode
          ? { certificate: await certificateFor(tx, winnersNode, won.sequence), operation: won.signed }
          : null,
    });
  });
}
