/**
 * Callbacks to the institution that asked (GovStack vouchers): composed when they are sent, so that encrypted voucher
 * numbers are in no queue. A receiver has it when it answers 2xx; anything else is tried again by the job queue.
 */
import { randomUUID } from "node:crypto";
import { rawNumber } from "#core/json.ts";
import { formatMajor, parseMajor } from "#core/money.ts";
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import type { BatchResult, BatchRow, CommandResult, InstitutionRow, Store, Tx } from "../ports/store.ts";
import { redemptionCallback } from "./redeem-pay.ts";

export type Send = (url: string, init: RequestInit) => Promise<Response>;

/** A callback that was not taken; the job queue tries again. */
export class CallbackRefused extends Error {}

const timeoutMs = 15_000;

/** Tells the caller of a batch what became of each instruction ("voucher details return"), or where its file is. */
export async function sendBatchCallback(store: Store, send: Send, batchId: bigint): Promise<void> {
  const { batch, method, body } = await store.transaction(async (tx) => {
    const found = await tx.batches.find(batchId);
    if (!found) throw new Error(`no voucher batch ${batchId}`);
    return {
      batch: found,
      method: await methodOf(tx, found.institutionId),
      body: await (found.kind === "file" ? answerFileReady(tx, found) : voucherDetails(tx, found)),
    };
  });
  if (batch.callbackUrl === null) throw new Error(`nobody is to be told of batch ${batchId}`);
  await deliver(send, batch.callbackUrl, method, body);
  if (batch.kind === "request") await store.transaction((tx) => tx.batches.markDelivered(batchId));
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

/** Tells the caller of a command which vouchers it failed for, and gives the tokens and leases of the others. */
export async function sendCommandCallback(store: Store, send: Send, commandId: bigint): Promise<void> {
  const callback = await store.transaction(async (tx) => {
    const command = await tx.commands.find(commandId);
    if (!command) throw new Error(`no voucher command ${commandId}`);
    const results = await tx.commands.results(commandId);
    const failed = results.filter((item) => item.failureReason !== null);
    const done = results.filter((item) => item.failureReason === null);
    const body = {
      requestID: randomUUID().slice(0, 12),
      registerRequestID: command.requestId,
      numberFailedCases: failed.length,
      failedCases: failed.map((item) => ({
        serialNumber: item.serialNumber,
        failureReason: item.failureReason,
      })),
      ...pendingCases(done),
      ...(await activatedVouchers(tx, results)),
    };
    return { url: command.callbackUrl, method: await methodOf(tx, command.institutionId), body };
  });
  await deliver(send, callback.url, callback.method, callback.body);
}

/** Tells the caller of a redeemPay what came of it. */
export async function sendRedemptionCallback(store: Store, send: Send, id: bigint): Promise<void> {
  const callback = await store.transaction(async (tx) => {
    const request = await tx.redemptionRequests.find(id);
    if (!request) throw new Error(`no redemption request ${id}`);
    const body = await redemptionCallback(tx, id);
    return { url: request.callbackUrl, method: await methodOf(tx, request.institutionId), body };
  });
  await deliver(send, callback.url, callback.method, callback.body);
}

function instructionResult(result: BatchResult): Record<string, unknown> {
  const common = {
    instructionID: result.instructionId,
    currency: result.currency,
    narration: result.narration,
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

async function methodOf(tx: Tx, institutionId: string): Promise<InstitutionRow["callbackMethod"]> {
  return (await tx.registry.institution(institutionId))?.callbackMethod ?? "POST";
}

async function deliver(send: Send, url: string, method: string, body: unknown): Promise<void> {
  const response = await send(url, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new CallbackRefused(`the callback receiver answered ${response.status}`);
}
