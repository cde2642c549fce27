/** What a server has signed about operations, made beside it: for what it said and its database has forgotten. */
import { encodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { signDocument } from "#sync/signing/cose.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { BareNode, SignedOperation } from "./bare-node.ts";

export type ToldVerdict = Pick<Verdict, "status"> & Partial<Verdict>;

export function serversWord(
  signer: Signer,
  { identity }: BareNode,
  told: readonly (readonly [SignedOperation, ToldVerdict])[],
): Promise<Uint8Array> {
  const list = encodeVerdictList({
    nodeId: identity.nodeId,
    generation: identity.generation,
    serverTimeMs: Date.now(),
    policyVersion: 0,
    auditHead: null,
    lastSequence: told.length,
    lastHash: told.at(-1)?.[0].hash ?? new Uint8Array(32),
    verdicts: told.map(([{ sequence, hash }, verdict]) => ({
      sequence,
      operationHash: hash,
      reason: null,
      transactionId: null,
      decidedAtMs: Date.now(),
      duplicate: false,
      evidence: null,
      guaranteedMinor: null,
      ...verdict,
    })),
  });
  return signDocument(signer, list);
}
