/**
 * What callers asked and were answered, the work that follows a commit, and the audit trail. Part of `./store.ts`,
 * which everybody imports.
 */
import type { AuditHead } from "#sync/documents/verdict-list.ts";

/** `index` counts from zero. */
export interface Page {
  readonly index: number;
  readonly size: number;
}

export interface StoredRequest {
  readonly bodyHash: Uint8Array;
  readonly status: number | null;
  readonly response: string | null;
}

export interface RequestRows {
  /** Takes the key; returns what is stored when it was taken before, waiting for whoever holds it now. */
  begin(key: RequestKey, bodyHash: Uint8Array): Promise<StoredRequest | undefined>;
  answer(key: RequestKey, status: number, response: string): Promise<void>;
  /** Gives back a key taken in this transaction: a refused request leaves nothing, not even its id. */
  forget(key: RequestKey): Promise<void>;
}

export interface RequestKey {
  readonly institutionId: string;
  /** Method, path and command. */
  readonly call: string;
  readonly requestId: string;
}

/** Work to be done after the commit, at least once. Jobs name what they are about and carry no data of it. */
export type Job =
  | { readonly queue: "issue-batch"; readonly id: string }
  | { readonly queue: "run-command"; readonly id: string }
  | { readonly queue: "map-payees"; readonly id: string }
  | { readonly queue: "validate-at-bank"; readonly id: string }
  | { readonly queue: "callback"; readonly id: string }
  | { readonly queue: "notify"; readonly id: string }
  | { readonly queue: "payout"; readonly id: string }
  | { readonly queue: "authorise-funds"; readonly id: string }
  | { readonly queue: "start-batch"; readonly id: string }
  | { readonly queue: "execute-batch"; readonly id: string }
  /** Batch and chunk, joined by a slash. */
  | { readonly queue: "pay-chunk"; readonly id: string };

export interface JobRows {
  /** Done after the commit, at least once; `afterSeconds` delays the first try. */
  enqueue(job: Job, afterSeconds?: number): Promise<void>;
  /** For what comes into being with this transaction and has a UUID: none of the jobs waits already. */
  enqueueNew(jobs: readonly NewJob[]): Promise<void>;
  /** What jobs of `enqueueNew` were for is done: they need not run. */
  forget(jobs: readonly Job[]): Promise<void>;
}

export interface NewJob {
  readonly job: Job;
  readonly afterSeconds: number;
  /** Of the request or operation that called for it. */
  readonly correlationId: string | undefined;
}

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

export interface AuditRows {
  record(entry: AuditEntry): Promise<void>;
  /** Many at once, in their order. */
  recordAll(entries: readonly AuditEntry[]): Promise<void>;
  /** The last place of the chain and its hash; null while no entry has a place. */
  head(): Promise<AuditHead | null>;
}

/** Answers that hold a voucher number, sealed, so that a repeated request gets its first answer for a while. */
export interface SealedAnswerRows {
  /** For a request that this transaction has begun. */
  put(key: RequestKey, sealed: Uint8Array): Promise<void>;
  /** Null once it was erased; undefined where none was put. */
  find(key: RequestKey): Promise<Uint8Array | null | undefined>;
  /** Erases those put before the given time and returns how many. */
  eraseBefore(time: Date): Promise<number>;
}
