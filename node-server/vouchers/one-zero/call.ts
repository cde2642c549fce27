/**
 * What the calls of the 1.0 API share (GovStack vouchers, 1.0): the building block that calls, the correlation id that
 * makes a call the same one again, and refusals of which nothing stays.
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { RequestKey, Store, StoredRequest, Tx } from "../../ports/store.ts";

export interface OneZeroCall {
  /** The institution of the token; null in a sandbox, where a caller is who it says. */
  readonly tokenOf: string | null;
  /** `Gov_Stack_BB`: an institution's id or registered name; null where the call holds none. */
  readonly buildingBlock: string | null;
  /** Makes the call the same one again; undefined where the caller sent none. */
  readonly correlationId: string | undefined;
  /** Keyed hash of the body, so that a stored one tells nothing of the secrets in it. */
  readonly bodyHash: Uint8Array;
}

/** The id of the calling institution; undefined where no such one is registered, or the token is another's. */
export async function findCaller(
  tx: Tx,
  { tokenOf, buildingBlock }: OneZeroCall,
): Promise<string | undefined> {
  if (buildingBlock === null) return undefined;
  if (tokenOf === null) {
    const byId = await tx.registry.institution(buildingBlock);
    return (byId ?? (await tx.registry.institutionByName(buildingBlock)))?.id;
  }
  const own = await tx.registry.institution(tokenOf);
  return own && (own.id === buildingBlock || own.name === buildingBlock) ? own.id : undefined;
}

export type Refusable<T, Code> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: Code };

/** One transaction that leaves nothing behind, not even its id, when `work` throws what `refuse` makes. */
export async function refusable<T, Code>(
  store: Store,
  work: (tx: Tx, refuse: (code: Code) => Error) => Promise<T>,
): Promise<Refusable<T, Code>> {
  class Refused extends Error {
    readonly code: Code;
    constructor(code: Code) {
      super(String(code));
      this.code = code;
    }
  }
  try {
    return { ok: true, value: await store.transaction((tx) => work(tx, (code) => new Refused(code))) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, code: error.code };
    throw error;
  }
}

/** Where the answer of a repeatable call is kept. */
export interface Memory {
  write(tx: Tx, key: RequestKey, answer: string): Promise<void>;
  /** Null when it was kept, but is erased by now. */
  read(tx: Tx, key: RequestKey, stored: StoredRequest): Promise<string | null>;
}

export type OnceRefusal = "other-body" | "answer-erased";

/** Does the work once for a correlation id of the caller; a call without one is always a new one. */
export async function answerOnce(
  tx: Tx,
  { correlationId, bodyHash }: OneZeroCall,
  { institutionId, operation }: { readonly institutionId: string; readonly operation: string },
  memory: Memory,
  refuse: (code: OnceRefusal) => Error,
  work: () => Promise<string>,
): Promise<string> {
  if (correlationId === undefined) return work();
  const key = { institutionId, call: operation, requestId: correlationId };
  const stored = await tx.requests.begin(key, bodyHash);
  if (!stored) {
    const answer = await work();
    await memory.write(tx, key, answer);
    return answer;
  }
  if (!equalBytes(stored.bodyHash, bodyHash)) throw refuse("other-body");
  const first = await memory.read(tx, key, stored);
  if (first === null) throw refuse("answer-erased");
  return first;
}
