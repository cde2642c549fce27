/** One operation with its verdict as a file that anyone can check (`npm run verify`), whoever asks for it. */
import { encodeBundle } from "#sync/documents/bundle.ts";
import type { EvidenceParts } from "../disputes/evidence.ts";
import { certificateFor } from "../nodes/change-key.ts";
import { signVerdicts } from "./verdicts.ts";

/** Undefined when there is no such operation. */
export function receiptOf(
  { store, context, keySet }: EvidenceParts,
  { nodeId, hash }: { readonly nodeId: string; readonly hash: Uint8Array },
): Promise<Uint8Array | undefined> {
  return store.transaction(async (tx) => {
    const node = await tx.nodes.find(nodeId);
    const row = await tx.operations.byHash(nodeId, hash);
    if (!node || !row) return undefined;
    return encodeBundle({
      type: "receipt",
      keySet: keySet.document,
      certificate: await certificateFor(tx, node, row.sequence),
      operation: row.signed,
      verdictList: await signVerdicts(context, tx, nodeId, [{ row, duplicate: true }]),
    });
  });
}
