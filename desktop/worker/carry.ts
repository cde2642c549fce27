/** Carrying by hand, on the node (design: "Carrying"): the queue out into a file, verdicts in from one. */
import { exportQueue } from "#sync/carrying/export.ts";
import type { ExportResult } from "#sync/carrying/export.ts";
import { importAnswer } from "#sync/carrying/import.ts";
import type { ImportResult } from "#sync/carrying/import.ts";
import { encodeBundle } from "#sync/documents/bundle.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import { createNativeSigner } from "./native-signer.ts";
import type { NodeStores } from "./open.ts";

export interface ExportFromParts {
  readonly stores: NodeStores;
  readonly key: Ed25519Key;
  readonly randomBytes: RandomBytes;
  readonly nowMs: number;
}

/** `after` undefined: after what the server is known to have. */
export function exportFrom(
  { stores, key, randomBytes, nowMs }: ExportFromParts,
  after?: number,
): ExportResult {
  const { queue, trust, node } = stores;
  stores.vault.unlock(key.seed);
  const certificate = stores.signingKeys.certificateFor(Infinity) ?? node.certificateDocument();
  const parts = {
    queue,
    signer: createNativeSigner("carried-queue", stores.signingKeys.current() ?? key),
    certificate,
    keySet: trust.keySetDocument(),
    serverBoxKey: trust.keySet().serverBoxKey,
    generation: node.generation(),
    nowMs,
    randomBytes,
  };
  return exportQueue(parts, after ?? queue.serverSequence());
}

/** One operation with its verdict, as a file that anyone can check; undefined while there is no verdict. */
export function receiptOf(stores: NodeStores, sequence: number): Uint8Array | undefined {
  const operation = stores.queue.find(sequence);
  const verdictList = stores.queue.verdictListOf(sequence);
  if (!operation || !verdictList) return undefined;
  return encodeBundle({
    type: "receipt",
    keySet: stores.trust.keySetDocument(),
    certificate: stores.signingKeys.certificateFor(sequence) ?? stores.node.certificateDocument(),
    operation: operation.signed,
    verdictList,
  });
}

export function importInto(stores: NodeStores, nodeId: string, file: Uint8Array): Promise<ImportResult> {
  const { queue, trust, node, acknowledgements } = stores;
  const keepAcknowledgement = (...kept: Parameters<typeof acknowledgements.keep>) =>
    acknowledgements.keep(...kept);
  return importAnswer({ nodeId, queue, trust, contact: node, keepAcknowledgement }, file);
}
