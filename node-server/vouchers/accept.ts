/**
 * Accepting the asynchronous voucher calls: the request and its pending work are stored in one transaction, then
 * answered; the same request again gets its first answer (GovStack Payments BB, general rules on idempotency).
 */
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";
import type { Job, Store, Tx, VoucherAction, VoucherCommand } from "../ports/store.ts";

export type BatchRefusal = "batch-exists" | "no-encryption-key";

export type VoucherAcceptance = Acceptance<BatchRefusal>;

export interface CreateRequest {
  readonly batchId: string;
  readonly programId: string;
  readonly callbackUrl: string;
  readonly instructions: readonly {
    readonly instructionID: string;
    readonly groupCode: string;
    readonly currency: string;
    readonly amount: string;
    readonly payeeFunctionalID?: string | undefined;
    readonly narration: string;
  }[];
}

export function acceptCreate(
  store: Store,
  identity: RequestIdentity,
  request: CreateRequest,
  answer: Accepted,
): Promise<VoucherAcceptance> {
  const { institutionId, requestId } = identity.key;
  const known = async (tx: Tx) =>
    jobOf("issue-batch", await tx.batches.byRequest(institutionId, "request", requestId));
  return acceptOnce<BatchRefusal>(store, identity, answer, known, async (tx, institution) => {
    if (!institution.boxPublicKey) return "no-encryption-key";
    const { batchId, programId, callbackUrl } = request;
    const id = await tx.batches.insert(
      { kind: "request", institutionId, requestId, batchId, programId, callbackUrl },
      request.instructions.map((instruction, index) => ({
        line: index + 1,
        instructionId: instruction.instructionID,
        groupCode: instruction.groupCode,
        currency: instruction.currency,
        amount: instruction.amount,
        payeeFunctionalId: instruction.payeeFunctionalID ?? null,
        narration: instruction.narration,
      })),
    );
    if (id === undefined) return "batch-exists";
    return jobOf("issue-batch", id);
  });
}

export interface ReissueRequest {
  readonly batchId: string;
  readonly programId: string;
  readonly callbackUrl: string;
  readonly instructions: readonly {
    readonly instructionID: string;
    readonly serialNumber: string;
    readonly reason: string;
  }[];
}

/** Group, currency, amount, payee and narration are those of the lost voucher, filled in when it is replaced. */
export function acceptReissue(
  store: Store,
  identity: RequestIdentity,
  request: ReissueRequest,
  answer: Accepted,
): Promise<VoucherAcceptance> {
  const { institutionId, requestId } = identity.key;
  const known = async (tx: Tx) =>
    jobOf("issue-batch", await tx.batches.byRequest(institutionId, "reissue", requestId));
  return acceptOnce<BatchRefusal>(store, identity, answer, known, async (tx, institution) => {
    if (!institution.boxPublicKey) return "no-encryption-key";
    const { batchId, programId, callbackUrl } = request;
    const id = await tx.batches.insert(
      { kind: "reissue", institutionId, requestId, batchId, programId, callbackUrl },
      request.instructions.map(({ instructionID, serialNumber, reason }, index) => ({
        line: index + 1,
        instructionId: instructionID,
        groupCode: "",
        currency: "",
        amount: "",
        payeeFunctionalId: null,
        narration: "",
        replaces: { serialNumber, reason },
      })),
    );
    return id === undefined ? "batch-exists" : jobOf("issue-batch", id);
  });
}

export interface CommandRequest {
  readonly command: VoucherCommand;
  readonly batchId: string;
  readonly callbackUrl: string;
  readonly items: readonly {
    readonly action: VoucherAction;
    readonly serialNumber: string;
    readonly leaseTo?: string | undefined;
    readonly leaseUntil?: string | undefined;
    readonly dispensedBy?: string | undefined;
  }[];
}

export function acceptCommand(
  store: Store,
  identity: RequestIdentity,
  request: CommandRequest,
  answer: Accepted,
): Promise<VoucherAcceptance> {
  const { institutionId, requestId } = identity.key;
  const { command } = request;
  const known = async (tx: Tx) =>
    jobOf("run-command", await tx.commands.byRequest(institutionId, command, requestId));
  return acceptOnce<BatchRefusal>(store, identity, answer, known, async (tx) => {
    const { batchId, callbackUrl } = request;
    const id = await tx.commands.insert(
      { institutionId, requestId, command, batchId, callbackUrl },
      request.items.map((item, index) => ({
        line: index + 1,
        action: item.action,
        serialNumber: item.serialNumber,
        leaseTo: item.leaseTo ?? null,
        leaseUntil: item.leaseUntil === undefined ? null : new Date(item.leaseUntil),
        dispensedBy: item.dispensedBy,
      })),
    );
    return jobOf("run-command", id);
  });
}

/** Also run for a request that is repeated: with nothing left to do it ends in the callback, once more. */
export function jobOf(queue: Job["queue"], id: bigint | undefined): Job {
  if (id === undefined) throw new Error(`the request of a stored answer left no ${queue}`);
  return { queue, id: String(id) };
}
