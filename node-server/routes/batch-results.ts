/** How the payments of a batch stand: paged detail, one payment with its history, receipts, files, and its money. */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { readMsisdn } from "#core/financial-address.ts";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { pain002, payeeOf, resultCsv } from "../disbursement/result-files.ts";
import { paymentStatus, statesOf } from "../disbursement/status-codes.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem } from "../middleware/problem.ts";
import type { BatchDetailRow, InstructionEvent } from "../ports/batch-detail.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { Tx } from "../ports/store.ts";
import type { Caller } from "./caller-request.ts";
import { batchOf } from "./disbursements.ts";
import { recordRead } from "./record-read.ts";
import type { DisbursementRouteDependencies } from "./disbursements.ts";

export function batchResultRoutes(deps: DisbursementRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.get("/api/v1/batch/detail", (c) => detail(deps, c));
  routes.get("/batches/:batchId/result", async (c) => {
    const batch = await deps.store.transaction((tx) => batchToRead(tx, c, c.req.param("batchId")));
    return file(resultCsv(deps, batch), "text/csv; charset=utf-8", `${batch.batchId}.csv`);
  });
  routes.get("/batches/:batchId/pain.002", async (c) => {
    const batch = await deps.store.transaction((tx) => batchToRead(tx, c, c.req.param("batchId")));
    return file(pain002(deps, batch), "application/xml", `${batch.batchId}.xml`);
  });
  routes.get("/batches/:batchId/receipts/:requestId", (c) =>
    receipt(deps, c, c.req.param("batchId"), c.req.param("requestId")),
  );
  routes.get("/batches/:batchId/reconciliation", (c) => reconciliation(deps, c, c.req.param("batchId")));
  return routes;
}

/** A batch of which payments are shown, with who is paid. */
async function batchToRead(tx: Tx, c: Caller, batchId: string): Promise<DisbursementBatch> {
  const batch = await batchOf(tx, c, batchId);
  await recordRead(tx, c, "payments.read", `disbursement:${batch.batchId}`, { path: c.req.path });
  return batch;
}

const detailQuery = z.object({
  batchId: z.string().min(1).max(50),
  payeePartyId: z.string().min(1).max(34).optional(),
  pageNo: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(1_000).default(100),
  status: z.enum(["PDNG", "ACCP", "ACSP", "ACSC", "RJCT", "CANC"]).optional(),
  direction: z.enum(["OUTGOING", "INCOMING"]).optional(),
});

/** With a payee it is the status check of one payment, and holds its history. */
async function detail(deps: DisbursementRouteDependencies, c: Caller): Promise<Response> {
  const parsed = detailQuery.safeParse(c.req.query());
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      field: path.join("."),
      reason: message,
    }));
    throw new Problem(400, `${errors[0]?.field}: ${errors[0]?.reason}`, errors);
  }
  const query = parsed.data;
  const rows = await deps.store.transaction(async (tx) => {
    const batch = await batchToRead(tx, c, query.batchId);
    // Everything that we do goes out.
    if (query.direction === "INCOMING") return [];
    const filter = {
      ...(query.payeePartyId === undefined
        ? {}
        : { payee: await indexesOf(deps, tx, batch, query.payeePartyId) }),
      ...(query.status === undefined ? {} : { states: statesOf(query.status, batch.state) }),
    };
    if (filter.states?.length === 0) return [];
    const slice = { offset: (query.pageNo - 1) * query.pageSize, limit: query.pageSize };
    const found = await tx.batchDetail.list(batch.id, filter, slice);
    if (query.payeePartyId === undefined) return found.map((row) => published(deps, batch, row));
    return Promise.all(
      found.map(async (row) => ({
        ...published(deps, batch, row),
        history: historyOf(batch, await tx.batchDetail.history(batch.id, row.line)),
      })),
    );
  });
  return c.json(rows);
}

/** A payee is found by what the sender wrote, also where that was put right. */
async function indexesOf(
  { addresses }: DisbursementRouteDependencies,
  tx: Tx,
  { institutionId }: DisbursementBatch,
  payee: string,
): Promise<Uint8Array[]> {
  const terms = await tx.disbursements.terms(institutionId);
  const msisdn = readMsisdn(payee, terms?.countryCode ?? null);
  const bare = payee.replaceAll(/[\s-]/g, "");
  const texts = new Set([payee, bare, bare.toUpperCase(), ...(msisdn.ok ? [msisdn.value] : [])]);
  return [...texts].map((text) => addresses.index("batch-payee", text));
}

function published(
  { addresses }: DisbursementRouteDependencies,
  batch: DisbursementBatch,
  row: BatchDetailRow,
): Readonly<Record<string, unknown>> {
  const { currency } = batch;
  const amount = (amountMinor: bigint) => rawNumber(formatMajor({ amountMinor, currency }));
  const { reasonCode, reason } = row;
  const hasFailed = row.state === "failed";
  return {
    workflowInstanceKey: `${batch.batchId}:${row.line}`,
    transactionId: row.transactionId,
    instructionId: row.instructionId,
    startedAt: row.startedAt?.toISOString() ?? null,
    completedAt: row.endedAt?.toISOString() ?? null,
    status: paymentStatus(row.state, batch.state),
    statusDetail: reason ?? "",
    payeeDfspId: row.receiver,
    payeePartyId: payeeOf(addresses, row),
    payeePartyIdType: row.payeeIdentity === null ? (row.address?.kind ?? null) : "payeeIdentity",
    payeeFee: 0,
    payeeFeeCurrency: currency,
    payerDfspId: null,
    payerPartyId: row.payerParty,
    payerPartyIdType: row.payerParty === null ? null : "account",
    payerFee: amount(row.feeMinor),
    payerFeeCurrency: currency,
    amount: amount(row.amountMinor),
    currency,
    direction: "OUTGOING",
    errorInformation: hasFailed ? { errorCode: reasonCode ?? "NARR", errorDescription: reason ?? "" } : null,
    batchId: batch.batchId,
  };
}

function historyOf(batch: DisbursementBatch, events: readonly InstructionEvent[]) {
  const accepted = { at: batch.createdAt.toISOString(), status: "PDNG", reasonCode: null, reason: null };
  const later = events.map(({ at, state, reasonCode, reason }) => ({
    at: at.toISOString(),
    status: paymentStatus(state, "running"),
    reasonCode,
    reason,
  }));
  return [accepted, ...later];
}

async function receipt(
  { store, addresses }: DisbursementRouteDependencies,
  c: Caller,
  batchId: string,
  instructionId: string,
): Promise<Response> {
  const found = await store.transaction(async (tx) => {
    const batch = await batchToRead(tx, c, batchId);
    const [row] = await tx.batchDetail.list(batch.id, { instructionId }, { limit: 1 });
    const payer = await tx.registry.institution(batch.institutionId);
    return { batch, row, payer: payer?.name ?? batch.institutionId };
  });
  const { batch, row, payer } = found;
  if (!row?.transactionId || row.state !== "paid")
    throw new Problem(404, `There is no receipt for ${instructionId.slice(0, 35)}: it is not paid`);
  const { amountMinor, transactionId, endedAt, narration } = row;
  return c.json({
    receiptId: transactionId,
    time: endedAt?.toISOString() ?? null,
    reason: narration,
    payer,
    payee: payeeOf(addresses, row),
    amount: rawNumber(formatMajor({ amountMinor, currency: batch.currency })),
    currency: batch.currency,
    requestId: row.instructionId,
    batchId: batch.batchId,
  });
}

/** `difference` is what cannot be accounted for: zero. */
async function reconciliation(
  { store }: DisbursementRouteDependencies,
  c: Caller,
  batchId: string,
): Promise<Response> {
  const { batch, money } = await store.transaction(async (tx) => {
    const found = await batchOf(tx, c, batchId);
    return { batch: found, money: await tx.batchDetail.money(found.id) };
  });
  const { currency } = batch;
  const amount = (amountMinor: bigint) => rawNumber(formatMajor({ amountMinor, currency }));
  const { authorisedMinor, paidMinor, vouchersMinor, feesMinor, returnedMinor, heldMinor } = money;
  const spent = paidMinor + vouchersMinor + feesMinor + returnedMinor + heldMinor;
  return c.json({
    batchId,
    state: batch.state,
    currency,
    authorised: amount(authorisedMinor),
    paid: amount(paidMinor),
    vouchers: amount(vouchersMinor),
    fees: amount(feesMinor),
    returned: amount(returnedMinor),
    held: amount(heldMinor),
    difference: amount(authorisedMinor - spent),
  });
}

function file(content: AsyncGenerator<Uint8Array>, type: string, name: string): Response {
  return new Response(ReadableStream.from(content), {
    headers: { "content-type": type, "content-disposition": `attachment; filename="${name}"` },
  });
}
