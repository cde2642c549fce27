/**
 * Records a redemption so that it cannot be lost (design: "The queue"). Nothing may say "accepted" before this returns.
 *
 * W1  Business row, queue row, sequence and hash are one transaction; the signature is made inside it.
 * W2  The head file follows, flushed, and only then is the redemption accepted.
 */
import type { RedeemVoucher, RedemptionMode } from "#sync/documents/operation.ts";
import { commitmentOf, openingFor, sealNumber } from "#sync/documents/voucher-number.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { uuidv7 } from "#sync/ids.ts";
import type { TrustedTime } from "#sync/clock.ts";
import type { ChainHead } from "#sync/chain.ts";
import type { Epoch } from "#sync/documents/lease.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import type { QueueStorage } from "#sync/ports/queue-storage.ts";
import { signNext } from "#sync/queue/next-operation.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";
import type { HeadFileStep } from "./head-file.ts";
import type { RedemptionStorage } from "./store/redemptions.ts";

export type RecordStep =
  | "transaction-begun"
  | "operation-signed"
  | "queue-row-written"
  | "redemption-row-written"
  | "committed"
  | HeadFileStep;

export interface RecordParts {
  readonly nodeId: string;
  readonly signer: SyncSigner;
  readonly queue: QueueStorage;
  readonly redemptions: RedemptionStorage;
  readonly clock: MachineClock;
  readonly randomBytes: RandomBytes;
  /** X25519; what the number is sealed with. */
  readonly serverBoxKey: Uint8Array;
  writeHead(head: ChainHead, onStep: (step: HeadFileStep) => void): void;
  /** Told of each write as it happens; a test ends the process there. */
  readonly onStep?: (step: RecordStep) => void;
}

export interface RedemptionOrder {
  readonly mode: RedemptionMode;
  /** As of when the deny list was complete; only at risk. */
  readonly deniedAsOfMs: number | null;
  readonly epoch: Epoch | null;
  readonly token: VoucherToken;
  /** 16 digits. */
  readonly number: string;
  readonly actor: string;
  readonly time: TrustedTime;
  readonly lastServerTimeMs: number;
  readonly policyVersion: number;
}

export interface RecordedRedemption {
  readonly operationId: string;
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** Thrown when the redemption is in the database and the head file could not be written: nothing may be accepted. */
export class HeadNotWrittenError extends Error {}

/**
 * `recheck` is called inside the transaction and decides again; undefined lets the redemption be written. Its refusal
 * is the result otherwise, and nothing is stored.
 */
export function recordRedemption<Refusal>(
  parts: RecordParts,
  order: RedemptionOrder,
  recheck: () => Refusal | undefined,
):
  | { readonly ok: true; readonly recorded: RecordedRedemption }
  | { readonly ok: false; readonly refusal: Refusal } {
  const step = parts.onStep ?? (() => {});
  const stored = parts.queue.transaction(() => {
    step("transaction-begun");
    const refusal = recheck();
    return refusal === undefined
      ? { ok: true as const, recorded: write(parts, order) }
      : { ok: false as const, refusal };
  });
  if (!stored.ok) return stored;
  step("committed");
  const { sequence, hash } = stored.recorded;
  try {
    parts.writeHead({ sequence, hash }, step);
  } catch (error) {
    throw new HeadNotWrittenError("the head file could not be written", { cause: error });
  }
  return stored;
}

function write(parts: RecordParts, order: RedemptionOrder): RecordedRedemption {
  const { queue, redemptions, randomBytes } = parts;
  const step = parts.onStep ?? (() => {});
  const { token, mode, epoch, actor, time } = order;
  const opening = openingFor(order.number, randomBytes);
  const sealed = sealNumber(parts.serverBoxKey, opening, randomBytes);
  const operationId = uuidv7(time.nowMs, randomBytes);
  const body: RedeemVoucher = {
    type: "redeem-voucher",
    serial: token.serial,
    mode,
    epoch,
    amountMinor: token.amountMinor,
    currency: token.currency,
    numberCommitment: commitmentOf(opening),
    deniedAsOfMs: order.deniedAsOfMs,
  };
  const signed = signNext(parts.signer, queue.head(), { ...draftOf(parts, order), operationId, body });
  step("operation-signed");
  queue.append({ ...signed, operationId, sealed, type: body.type, createdMs: time.nowMs });
  step("queue-row-written");
  const { sequence } = signed;
  const { serial, amountMinor, currency } = token;
  const { anchored } = time;
  const { lastServerTimeMs } = order;
  const voucher = { serial, amountMinor, currency };
  redemptions.insert({ sequence, ...voucher, mode, epoch, actor, anchored, lastServerTimeMs });
  step("redemption-row-written");
  return { operationId, sequence, hash: signed.hash };
}

function draftOf({ nodeId, clock }: RecordParts, order: RedemptionOrder) {
  return {
    nodeId,
    wallTimeMs: clock.wallMs(),
    bootId: clock.bootId,
    sinceBootMs: clock.sinceBootMs(),
    lastServerTimeMs: order.lastServerTimeMs,
    policyVersion: order.policyVersion,
    anchored: order.time.anchored,
    actor: order.actor,
  };
}
