/** Signs the operation that follows the last one. Synchronous, since it happens inside the transaction that stores it. */
import type { ChainHead } from "../chain.ts";
import { encodeOperation } from "../documents/operation.ts";
import type { Operation } from "../documents/operation.ts";
import { signDocumentSync } from "../signing/cose.ts";
import type { SyncSigner } from "../signing/signers.ts";

export interface SignedOperation {
  readonly sequence: number;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
  readonly signed: Uint8Array;
}

/** `signer` signs operations of the node that the draft names. */
export function signNext(
  signer: SyncSigner,
  head: ChainHead,
  draft: Omit<Operation, "sequence" | "previousHash">,
): SignedOperation {
  const link = { sequence: head.sequence + 1, previousHash: head.hash };
  const { bytes, hash } = signDocumentSync(signer, encodeOperation({ ...draft, ...link }));
  return { ...link, hash, signed: bytes };
}
