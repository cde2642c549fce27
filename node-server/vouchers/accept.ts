/**
 * Accepting the asynchronous voucher calls: the request and its pending work are stored in one transaction, then
 * answered; the same request again gets its first answer (GovStack Payments BB, general rules on idempotency).
 */
import type {
  InstitutionRow,
  Job,
  RequestKey,
  Store,
  Tx,
  VoucherAction,
  VoucherCommand,
} from "../ports/store.ts";
import { equalBytes } from "#sync/signing/bytes.ts";

export interface Accepted {
  readonly status: number;
  readonly body: string;
}

export type AcceptRefusal = "other-body" | "batch-exists" | "no-encryption-key" | "unknown-institution";

export type Acceptance =
  | { readonly ok: true; readonly accepted: Accepted }
  | { readonly ok: false; readonly refusal: AcceptRefusal };

export interface RequestIdentity {
  readonly key: RequestKey;
  /** Keyed hash of the body, so that a stored one tells nothing of the secrets in it. */
  readonly bodyHash: Uint8Array;
}

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
): Promise<Acceptance> {
  const { institutionId, requestId } = identity.key;
  const known = async (tx: Tx) =>
    jobOf("issue-batch", await tx.batches.byRequest(institutionId, "request", requestId));
  return acceptOnce(store, identity, answer, known, async (tx, institution) => {
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
): Promise<Acceptance> {
  const { institutionId, requestId } = identity.key;
  const known = async (tx: Tx) =>
    jobOf("issue-batch", await tx.batches.byRequest(institutionId, "reissue", requestId));
  return acceptOnce(store, identity, answer, known, async (tx, institution) => {
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
): Promise<Acceptance> {
  const { institutionId, requestId } = identity.key;
  const { command } = request;
  const known = async (tx: Tx) =>
    jobOf("run-command", await tx.commands.byRequest(institutionId, command, requestId));
  return acceptOnce(store, identity, answer, known, async (tx) => {
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

/** Thrown so that the transaction of a refused request leaves nothing behind, not even its id. */
class Refused extends Error {
  readonly refusal: AcceptRefusal;
  constructor(refusal: AcceptRefusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

/** Also run for a request that is repeated: with nothing left to do it ends in the callback, once more. */
export function jobOf(queue: "issue-batch" | "run-command", id: bigint | undefined): Job {
  if (id === undefined) throw new Error(`the request of a stored answer left no ${queue}`);
  return { queue, id: String(id) };
}

/**
 * Stores a request with its work, or finds the one stored before; `known` is then what is done again. Either may have
 * nothing left to be done.
 */
export async function acceptOnce(
  store: Store,
  { key, bodyHash }: RequestIdentity,
  answer: Accepted,
  known: (tx: Tx) => Promise<Job | undefined>,
  work: (tx: Tx, institution: InstitutionRow) => Promise<AcceptRefusal | Job | undefined>,
): Promise<Acceptance> {
  try {
    const accepted = await store.transaction(async (tx) => {
      const stored = await tx.requests.begin(key, bodyHash);
      if (stored) {
        if (!equalBytes(stored.bodyHash, bodyHash)) throw new Refused("other-body");
        const again = await known(tx);
        if (again) await tx.jobs.enqueue(again);
        return { status: stored.status ?? answer.status, body: stored.response ?? answer.body };
      }
      const institution = await tx.registry.institution(key.institutionId);
      if (!institution) throw new Refused("unknown-institution");
      const job = await work(tx, institution);
      if (typeof job === "string") throw new Refused(job);
      if (job) await tx.jobs.enqueue(job);
      const status = institution.profile === "phee" ? 202 : answer.status;
      await tx.requests.answer(key, status, answer.body);
      return { ...answer, status };
    });
    return { ok: true, accepted };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}
