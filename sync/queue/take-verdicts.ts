/**
 * Takes a signed verdict list into the queue.
 *
 * K1  A verdict is written for exactly the operation whose hash it names.
 * K2  An operation gets one final verdict; a second one that differs is reported and changes nothing.
 * K3  The signed list itself is kept: it is the merchant's proof.
 */
import { decideOperation } from "#core/decide.ts";
import type { OperationEvent } from "#core/operation.machine.ts";
import type { Verdict, VerdictList, VerdictStatus } from "../documents/verdict-list.ts";
import type { QueueStorage, StoredOperation } from "../ports/queue-storage.ts";
import { equalBytes } from "../signing/bytes.ts";

/** A verdict list whose signature was found to be a trusted key's. */
export interface OpenedVerdictList {
  readonly document: Uint8Array;
  readonly hash: Uint8Array;
  readonly list: VerdictList;
}

export interface TakenVerdicts {
  /** How many operations changed their state. */
  readonly applied: number;
  readonly rejected: number;
  readonly held: number;
  /** Operations that had another final verdict before. */
  readonly contradictions: readonly number[];
}

/** Why a list is not for us. `unknown-operation` and `another-operation` mean that the server answers someone else's. */
export type ListProblem = "another-node" | "unknown-operation" | "another-operation" | "verdict-missing";

/** `asked` holds the sequence numbers that the list must answer. */
export function listProblem(
  queue: QueueStorage,
  nodeId: string,
  list: VerdictList,
  asked: readonly number[],
): ListProblem | undefined {
  if (list.nodeId !== nodeId) return "another-node";
  for (const verdict of list.verdicts) {
    const hash = verdict.sequence > 0 ? queue.hashAt(verdict.sequence) : undefined;
    if (!hash) return "unknown-operation";
    if (!equalBytes(hash, verdict.operationHash)) return "another-operation";
  }
  const answered = new Set(list.verdicts.map(({ sequence }) => sequence));
  return asked.every((sequence) => answered.has(sequence)) ? undefined : "verdict-missing";
}

/** Call it inside the storage's transaction, with a list that has no problem. */
export function takeVerdicts(
  queue: QueueStorage,
  { document, hash, list }: OpenedVerdictList,
): TakenVerdicts {
  queue.keepList(hash, document, list.serverTimeMs);
  const taken = { applied: 0, rejected: 0, held: 0, contradictions: [] as number[] };
  for (const verdict of list.verdicts) {
    const operation = queue.find(verdict.sequence);
    if (!operation) throw new Error(`a checked list names operation ${verdict.sequence}, which is not there`);
    const decision = decideOperation(operation.state, eventOf(verdict.status));
    if (!decision.ok) {
      if (!tellsTheSame(operation, verdict)) taken.contradictions.push(verdict.sequence);
      continue;
    }
    if (tellsTheSame(operation, verdict)) continue;
    const { sequence, reason, transactionId, decidedAtMs } = verdict;
    queue.decide({ sequence, state: decision.next, reason, transactionId, decidedMs: decidedAtMs }, hash);
    taken[verdict.status] += 1;
  }
  return taken;
}

function eventOf(status: VerdictStatus): OperationEvent {
  switch (status) {
    case "applied":
      return { type: "APPLY" };
    case "rejected":
      return { type: "REJECT" };
    case "held":
      return { type: "HOLD" };
  }
}

function tellsTheSame(operation: StoredOperation, verdict: Verdict): boolean {
  return (
    operation.state === verdict.status &&
    operation.reason === verdict.reason &&
    operation.transactionId === verdict.transactionId
  );
}
