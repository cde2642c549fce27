/** Settlement extracts, reconciliation, and the list of billers, each for the institution that calls; JSON or CSV. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import { rawNumber } from "#core/json.ts";
import { isDate } from "#core/local-date.ts";
import { formatMajor, parseMajor } from "#core/money.ts";
import { reconcile } from "../bills/reconcile.ts";
import type { ReconciledPayment } from "../bills/reconcile.ts";
import { readBody } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem } from "../middleware/problem.ts";
import { billProblem } from "./bill-answers.ts";
import type { BillRouteDependencies } from "./bill-calls.ts";
import { reconciledPayment, reconciliationRequest } from "./bill-schemas.ts";
import type { Caller } from "./caller-request.ts";
import { readCsvItems } from "./csv-items.ts";
import { jsonOrCsv } from "./json-or-csv.ts";

export function settlementRoutes(deps: BillRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.get("/billers", (c) => billers(deps, c));
  routes.get("/settlements", (c) => totals(deps, c));
  routes.get("/settlements/payments", (c) => payments(deps, c));
  routes.post("/settlements/reconciliation", (c) => reconciliation(deps, c));
  return routes;
}

async function billers({ store }: BillRouteDependencies, c: Caller): Promise<Response> {
  const rows = await store.transaction(async (tx) => {
    const payerFiId = c.get("institutionId");
    if (!(await tx.billers.payerFi(payerFiId))) throw billProblem("not-a-payer-fi");
    return tx.billers.ofPayerFi(payerFiId);
  });
  const published = rows.map((row) => ({
    billerId: row.id,
    billerName: row.name,
    prefix: row.prefix,
    digits: row.ownDigits,
    checkDigit: row.checkDigit,
    timeZone: row.timeZone,
  }));
  const head = ["billerId", "billerName", "prefix", "digits", "checkDigit", "timeZone"];
  return jsonOrCsv(c, { billers: published }, [head, ...published.map((row) => Object.values(row))]);
}

async function totals({ settlements }: BillRouteDependencies, c: Caller): Promise<Response> {
  const date = dateOf(c);
  const rows = await settlements.totals(date, c.get("institutionId"));
  const published = rows.map((row) => ({
    billerId: row.billerId,
    payer: row.payer,
    means: row.means,
    payments: Number(row.payments),
    currency: row.currency,
    amount: rawNumber(formatMajor(row)),
  }));
  return jsonOrCsv(c, { date, settlements: published }, [
    ["date", "billerId", "payer", "means", "payments", "currency", "amount"],
    ...rows.map((row) => [
      date,
      row.billerId,
      row.payer,
      row.means,
      row.payments,
      row.currency,
      formatMajor(row),
    ]),
  ]);
}

async function payments({ settlements }: BillRouteDependencies, c: Caller): Promise<Response> {
  const date = dateOf(c);
  const rows = await settlements.payments(date, c.get("institutionId"));
  const published = rows.map((row) => ({
    ...publishedPayment(row),
    billerId: row.billerId,
    payer: row.payer,
    means: row.means,
    acknowledgedAt: row.acknowledgedAt.toISOString(),
  }));
  return jsonOrCsv(c, { date, payments: published }, [
    ["paymentReferenceID", "billId", "currency", "amount", "billerId", "payer", "means", "acknowledgedAt"],
    ...rows.map((row) => [
      row.reference,
      row.billId,
      row.currency,
      formatMajor(row),
      row.billerId,
      row.payer,
      row.means,
      row.acknowledgedAt.toISOString(),
    ]),
  ]);
}

const mostReconciled = 50_000;

async function reconciliation({ settlements }: BillRouteDependencies, c: Caller): Promise<Response> {
  const date = dateOf(c);
  const isCsv = c.req.header("content-type")?.startsWith("text/csv") ?? false;
  const listed = isCsv
    ? await readCsvItems(c, reconciledPayment, mostReconciled)
    : (await readBody(c, reconciliationRequest)).payments;
  const there = listed.map(readPayment);
  const result = reconcile(await settlements.payments(date, c.get("institutionId")), there);
  return c.json({
    date,
    matched: result.matched,
    onlyHere: result.onlyHere.map(publishedPayment),
    onlyThere: result.onlyThere.map(publishedPayment),
    differing: result.differing.map((pair) => ({
      here: publishedPayment(pair.here),
      there: publishedPayment(pair.there),
    })),
  });
}

function readPayment(listed: z.infer<typeof reconciledPayment>): ReconciledPayment {
  const parsed = parseMajor(listed.amount, listed.currency);
  if (!parsed.ok) {
    const field = `payment ${listed.paymentReferenceID}`;
    throw new Problem(400, `${field}: no amount in ${listed.currency}`, [{ field, reason: "no amount" }]);
  }
  return { reference: listed.paymentReferenceID, billId: listed.billId, ...parsed.money };
}

function publishedPayment(payment: ReconciledPayment) {
  return {
    paymentReferenceID: payment.reference,
    billId: payment.billId,
    currency: payment.currency,
    amount: rawNumber(formatMajor(payment)),
  };
}

function dateOf(c: Caller): string {
  const date = c.req.query("date");
  if (date !== undefined && isDate(date)) return date;
  throw new Problem(400, "date must be a day as YYYY-MM-DD", [
    { field: "date", reason: "must be YYYY-MM-DD" },
  ]);
}
