/**
 * Records an operation so that it cannot be lost (design: "The queue"). Nothing may say "accepted" before this returns.
 *
 * W1  Business row, queue row, sequence and hash are one transaction; the signature is made inside it.
 * W2  The head file follows, flushed, and only then is the operation accepted.
 */
import type { ChainHead } from "#sync/chain.ts";
import type { TrustedTime } from "#sync/clock.ts";
import type { OperationBody } from "#sync/documents/operation.ts";
import { uuidv7 } from "#sync/ids.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import { signNext } from "#sync/queue/next-operation.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";
import type { HeadFileStep } from "./head-file.ts";
import type { NodeStores } from "./open.ts";

export type RecordStep =
  | "transaction-begun"
  | "operation-signed"
  | "queue-row-written"
  | "business-row-written"
  | "committed"
  | HeadFileStep;

export interface RecordParts {
  readonly stores: NodeStores;
  readonly nodeId: string;
  readonly signer: SyncSigner;
  readonly clock: MachineClock;
  readonly randomBytes: RandomBytes;
  /** Told of each write as it happens; a test ends the process there. */
  readonly onStep?: (step: RecordStep) => void;
}

export interface OperationOrder {
  readonly body: OperationBody;
  /** What the body's commitments open to, sealed for the server; null where there are none. */
  readonly sealed: Uint8Array | null;
  readonly actor: string;
  readonly time: TrustedTime;
}

export interface RecordedOperation {
  readonly operationId: string;
  readonly sequence: number;
  readonly hash: Uint8Array;
}

export type Recorded<Refusal> =
  | { readonly ok: true; readonly recorded: RecordedOperation }
  | { readonly ok: false; readonly refusal: Refusal };

/** Thrown when the operation is in the database and the head file could not be written: nothing may be accepted. */
export class HeadNotWrittenError extends Error {}

/**
 * `recheck` is called inside the transaction and decides again; undefined lets the operation be written. Its refusal
 * is the result otherwise, and nothing is stored. `writeRow` writes the business row of the sequence number.
 */
export function recordOperation<Refusal>(
  parts: RecordParts,
  order: OperationOrder,
  recheck: () => Refusal | undefined,
  writeRow: (sequence: number) => void,
): Recorded<Refusal> {
  const step = parts.onStep ?? (() => {});
  const stored = parts.stores.queue.transaction((): Recorded<Refusal> => {
    step("transaction-begun");
    const refusal = recheck();
    if (refusal !== undefined) return { ok: false, refusal };
    const recorded = append(parts, order, step);
    writeRow(recorded.sequence);
    step("business-row-written");
    return { ok: true, recorded };
  });
  if (!stored.ok) return stored;
  step("committed");
  const { sequence, hash } = stored.recorded;
  try {
    parts.stores.writeHead(parts.nodeId, { sequence, hash } satisfies ChainHead, step);
  } catch (error) {
    throw new HeadNotWrittenError("the head file could not be written", { cause: error });
  }
  return stored;
}

function append(
  { stores, nodeId, signer, clock, randomBytes }: RecordParts,
  { body, sealed, actor, time }: OperationOrder,
  step: (step: RecordStep) => void,
): RecordedOperation {
  const { queue, node } = stores;
  const anchor = node.anchor();
  const operationId = uuidv7(time.nowMs, randomBytes);
  const signed = signNext(signer, queue.head(), {
    nodeId,
    operationId,
    wallTimeMs: clock.wallMs(),
    bootId: clock.bootId,
    sinceBootMs: clock.sinceBootMs(),
    lastServerTimeMs: anchor?.serverTimeMs ?? 0,
    policyVersion: anchor?.policyVersion ?? 0,
    anchored: time.anchored,
    actor,
    body,
  });
  step("operation-signed");
  queue.append({ ...signed, operationId, sealed, type: body.type, createdMs: time.nowMs });
  step("queue-row-written");
  return { operationId, sequence: signed.sequence, hash: signed.hash };
}
