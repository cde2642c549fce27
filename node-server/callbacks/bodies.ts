/** What callbacks say (GovStack vouchers and account mapper), composed when they are sent: encrypted voucher numbers are in no queue. */
import { randomUUID } from "node:crypto";
import { rawNumber } from "#core/json.ts";
import { formatMajor, parseMajor } from "#core/money.ts";
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { billMessages } from "../bills/messages.ts";
import type { AddressSeal } from "../addresses.ts";
import type { BatchResult, BatchRow, CallbackKind, CallbackRow, CommandResult, Tx } from "../ports/store.ts";
import type { SignMessage } from "../g2p-connect/signature.ts";
import { mapperCallback } from "../mapper/callback.ts";
import { fundsCallback } from "../disbursement/answer-funds.ts";
import { reportCallback } from "../disbursement/reports.ts";
import { redemptionCallback } from "../vouchers/redeem-pay.ts";
import type { Compose, Message } from "./deliver.ts";

export interface ComposerOptions {
  /** How long after its not-after a lease stays open. */
  readonly graceMs: number;
  readonly payerAddresses: AddressSeal;
  readonly signMessage: SignMessage;
}

export function createComposer({ graceMs, payerAddresses, signMessage }: ComposerOptions): Compose {
  const composers: Readonly<Record<CallbackKind, (tx: Tx, subject: bigint) => Promise<Message>>> = {
    batch: async (tx, id) => ({ body: await batchOutcome(tx, id) }),
    command: async (tx, id) => ({ body: await commandOutcome(tx, id) }),
    redemption: async (tx, id) => ({ body: await redemptionCallback(tx, id, graceMs) }),
    mapper: async (tx, id) => ({ body: await mapperCallback(tx, id, signMessage) }),
    disbursement: async (tx, id) => ({ body: await reportCallback(tx, id) }),
    funds: async (tx, id) => ({ body: await fundsCallback(tx, id) }),
    ...billMessages(payerAddresses),
  };
  return (tx: Tx, { kind, subject }: CallbackRow) => composers[kind](tx, subject);
}

/** What became of each instruction of a batch ("voucher details return"), or where its file is. */
async function batchOutcome(tx: Tx, id: bigint): Promise<unknown> {
  const batch = await tx.batches.find(id);
  if (!batch) throw new Error(`no voucher batch ${id}`);
  return batch.kind === "file" ? answerFileReady(tx, batch) : voucherDetails(tx, batch);
}

async function voucherDetails(tx: Tx, { id, requestId, batchId }: BatchRow): Promise<unknown> {
  const results = await tx.batches.results(id);
  return { requestID: requestId, batchID: batchId, voucherInstructions: results.map(instructionResult) };
}

async function answerFileReady(tx: Tx, { id, requestId, batchId }: BatchRow): Promise<unknown> {
  const { total, created, failed } = await tx.batches.progress(id);
  const file = `/vouchers/batches/${encodeURIComponent(batchId)}/file`;
  return { requestID: requestId, batchID: batchId, total, created, failed, file };
}

/** Which vouchers a command failed for, and the tokens and leases of the others. */
async function commandOutcome(tx: Tx, id: bigint): Promise<unknown> {
  const command = await tx.commands.find(id);
  if (!command) throw new Error(`no voucher command ${id}`);
  const results = await tx.commands.results(id);
  const failed = results.filter((item) => item.failureReason !== null);
  const done = results.filter((item) => item.failureReason === null);
  return {
    requestID: randomUUID().slice(0, 12),
    registerRequestID: command.requestId,
    numberFailedCases: failed.length,
    failedCases: failed.map(({ serialNumber, failureReason }) => ({ serialNumber, failureReason })),
    ...pendingCases(done),
    ...(await activatedVouchers(tx, results)),
  };
}

function instructionResult(result: BatchResult): Record<string, unknown> {
  const common = {
    instructionID: result.instructionId,
    currency: result.currency,
    narration: result.narration,
    ...(result.replaces ? { replacesSerialNumber: result.replaces.serialNumber } : {}),
  };
  const parsed = parseMajor(result.amount, result.currency);
  const amount = parsed.ok ? rawNumber(formatMajor(parsed.money)) : result.amount;
  if (result.serial === null) {
    return { ...common, amount, status: "failed", failureReason: result.failureReason };
  }
  return {
    ...common,
    amount,
    serialNumber: formatSerial(result.serial),
    // Erased some days after it was delivered: a callback asked for again after that is without it.
    ...(result.ciphertext === null ? {} : { voucherNumber: result.ciphertext }),
    ...(result.expiresAt === null ? {} : { expiryDate: result.expiresAt.toISOString() }),
    status: "created",
  };
}

/** What was only noted, since a lease or a payout is open, with the time at which it takes effect at the latest. */
function pendingCases(done: readonly CommandResult[]): Record<string, unknown> {
  const pending = done.filter((item) => item.pending !== null);
  if (pending.length === 0) return {};
  return {
    pendingCases: pending.map((item) => ({
      serialNumber: item.serialNumber,
      pending: item.pending,
      ...(item.pendingUntil ? { until: item.pendingUntil.toISOString() } : {}),
    })),
  };
}

async function activatedVouchers(
  tx: Tx,
  results: readonly CommandResult[],
): Promise<Record<string, unknown>> {
  const activations = results.filter((item) => item.action === "activate");
  if (activations.length === 0) return {};
  const done = activations.filter((item) => item.failureReason === null);
  return { vouchers: await Promise.all(done.map((item) => activated(tx, item.serialNumber))) };
}

async function activated(tx: Tx, serialNumber: string): Promise<Record<string, unknown>> {
  const serial = parseSerial(serialNumber);
  const voucher = serial === undefined ? undefined : await tx.vouchers.find(serial);
  const lease = serial === undefined ? undefined : await tx.leases.open(serial);
  return {
    serialNumber: serial === undefined ? serialNumber : formatSerial(serial),
    token: voucher?.token,
    ...(lease ? { leaseTo: lease.nodeId, leaseUntil: lease.notAfter.toISOString() } : {}),
  };
}
