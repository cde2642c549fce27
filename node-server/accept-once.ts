/**
 * Requests that are done once (GovStack Payments BB, general rules on idempotency): the request and its pending work are
 * stored in one transaction, then answered; the same request again gets its first answer, and its callback, again.
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { InstitutionRow, Job, RequestKey, Store, Tx } from "./ports/store.ts";

export interface Accepted {
  readonly status: number;
  readonly body: string;
}

export interface RequestIdentity {
  readonly key: RequestKey;
  /** Keyed hash of the body, so that a stored one tells nothing of the secrets in it. */
  readonly bodyHash: Uint8Array;
}

export type RequestRefusal = "other-body" | "unknown-institution";

export type Acceptance<Refusal extends string> =
  | { readonly ok: true; readonly accepted: Accepted }
  | { readonly ok: false; readonly refusal: Refusal | RequestRefusal };

/**
 * Stores a request with its work, or finds the one stored before; `known` is then what is done again. Either may have
 * nothing left to be done.
 */
export function acceptOnce<Refusal extends string>(
  store: Store,
  identity: RequestIdentity,
  answer: Accepted,
  known: (tx: Tx) => Promise<Job | undefined>,
  work: (tx: Tx, institution: InstitutionRow) => Promise<Refusal | Job | undefined>,
): Promise<Acceptance<Refusal>> {
  return answerOnce<Refusal>(
    store,
    identity,
    async (tx, institution) => {
      const job = await work(tx, institution);
      if (typeof job === "string") return job;
      if (job) await tx.jobs.enqueue(job);
      return { ...answer, status: institution.profile === "phee" ? 202 : answer.status };
    },
    async (tx) => {
      const job = await known(tx);
      if (job) await tx.jobs.enqueue(job);
    },
  );
}

/** The same for work whose outcome is the answer. Nothing stays of a refused request, not even its id. */
export async function answerOnce<Refusal extends string>(
  store: Store,
  { key, bodyHash }: RequestIdentity,
  work: (tx: Tx, institution: InstitutionRow) => Promise<Refusal | Accepted>,
  again: (tx: Tx) => Promise<void> = async () => {},
): Promise<Acceptance<Refusal>> {
  try {
    const accepted = await store.transaction(async (tx) => {
      // Looked up first: no request is kept of somebody who is not registered, not even its id.
      const institution = await tx.registry.institution(key.institutionId);
      if (!institution) throw new Refused("unknown-institution");
      const stored = await tx.requests.begin(key, bodyHash);
      if (stored) {
        if (!equalBytes(stored.bodyHash, bodyHash)) throw new Refused("other-body");
        if (stored.status === null || stored.response === null)
          throw new Error(`the request ${key.requestId} was stored without its answer`);
        await again(tx);
        return { status: stored.status, body: stored.response };
      }
      const answer = await work(tx, institution);
      if (typeof answer === "string") throw new Refused(answer);
      await tx.requests.answer(key, answer.status, answer.body);
      return answer;
    });
    return { ok: true, accepted };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal as Refusal | RequestRefusal };
    throw error;
  }
}

/** Thrown so that the transaction of a refused request leaves nothing behind. */
class Refused extends Error {
  readonly refusal: string;
  constructor(refusal: string) {
    super(refusal);
    this.refusal = refusal;
  }
}
