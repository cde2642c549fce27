/**
 * The second person: a signatory of the institution signs what a batch pays to whom (GovStack Payments BB: "approved by a
 * second person who signs its hash"). The signature is verified strictly, and kept with the key that it fits.
 */
import { verify } from "#sync/signing/ed25519.ts";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { BatchState } from "#core/batch.machine.ts";
import type { Store } from "../ports/store.ts";
import { changeBatch } from "./change-batch.ts";
import { approvalText } from "./content-hash.ts";

export interface ApprovalRequest {
  readonly institutionId: string;
  readonly batchId: string;
  readonly signatory: string;
  readonly signature: Uint8Array;
}

export type ApprovalOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: "unknown-batch" | "unknown-signatory" | "same-person" | "bad-signature";
    }
  | { readonly ok: false; readonly code: "batch-state"; readonly state: BatchState };

export async function approveBatch(store: Store, request: ApprovalRequest): Promise<ApprovalOutcome> {
  const { institutionId, batchId, signatory: name, signature } = request;
  return store.transaction(async (tx) => {
    const found = await tx.disbursements.byBatchId(batchId);
    const batch = found && (await tx.disbursements.lock(found.id));
    if (!batch || batch.institutionId !== institutionId) return { ok: false, code: "unknown-batch" };
    const signatory = await tx.disbursements.signatory(institutionId, name);
    if (!signatory) return { ok: false, code: "unknown-signatory" };
    if (batch.submittedBy === name) return { ok: false, code: "same-person" };
    if (!(await verify(signatory.publicKey, utf8ToBytes(approvalText(batch)), signature)))
      return { ok: false, code: "bad-signature" };
    // Sent again, it changes nothing.
    if (batch.approvedBy === name) return { ok: true };
    if (batch.state !== "received") return { ok: false, code: "batch-state", state: batch.state };
    await tx.disbursements.approve(batch.id, { by: name, publicKey: signatory.publicKey, signature });
    const reason = { actor: `signatory:${name}`, note: `Approved by ${name}` };
    const decision = await changeBatch(tx, { ...batch, approvedBy: name }, { type: "APPROVE" }, reason);
    return decision.ok ? { ok: true } : { ok: false, code: "batch-state", state: batch.state };
  });
}
