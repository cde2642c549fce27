/**
 * The hash of what a batch pays to whom, which its approver signs. Taken when the batch is accepted, and again from what
 * is stored before it is executed: what is paid is what was approved.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { DisbursementBatch, NewCreditInstruction } from "../ports/disbursement.ts";
import type { Addresses } from "../addresses.ts";

export interface ContentHash {
  add(instruction: NewCreditInstruction): void;
  digest(): Uint8Array;
}

/** Instructions are added in the order of their lines. */
export function contentHash(addresses: Addresses, currency: string): ContentHash {
  const hash = sha256.create().update(utf8ToBytes(`paypost/1/batch-content\n${currency}\n`));
  return {
    add(instruction) {
      const { line, instructionId, payeeIdentity, address, institutionCode, amountMinor, narration } =
        instruction;
      // JSON keeps the fields apart, whatever they hold.
      const fields = [
        line,
        instructionId,
        payeeIdentity,
        address && [address.kind, addresses.ofBatches.open(address.sealed)],
        institutionCode,
        String(amountMinor),
        narration,
      ];
      hash.update(utf8ToBytes(`${JSON.stringify(fields)}\n`));
    },
    digest: () => hash.digest(),
  };
}

/** What an approver signs with Ed25519 (RFC 8032), as UTF-8 text. */
export function approvalText(
  batch: Pick<
    DisbursementBatch,
    "batchId" | "institutionId" | "currency" | "totalCount" | "totalMinor" | "contentHash"
  >,
): string {
  const { institutionId, batchId, totalCount, totalMinor, currency } = batch;
  const hash = bytesToHex(batch.contentHash);
  return `paypost/1/batch-approval\n${institutionId}\n${batchId}\n${totalCount}\n${totalMinor} ${currency}\n${hash}\n`;
}
