/**
 * A receiving bank that takes its payments together (GovStack Payments BB, bulk disbursement: sub-batches). It accepts a
 * sub-batch and carries it out by itself; what became of each payment is asked of its detail.
 */
import { z } from "zod";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { derivedUuid } from "#sync/ids.ts";
import type { AskedOutcome, Carrier } from "../carrier.ts";
import type { Payout, PayoutOutcome } from "../gateway.ts";
import { transactionIdOf } from "../claim.ts";

export interface BankOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly callbackUrl: string | undefined;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
const pageSize = 1_000;

export function createBankCarrier(options: BankOptions): Carrier {
  return {
    async send(payouts) {
      const outcomes = new Map<string, PayoutOutcome>();
      for (const [group, some] of groupsOf(payouts)) {
        const refusal = await sendGroup(options, group, some);
        if (refusal === undefined) continue;
        for (const { idempotencyKey } of some)
          outcomes.set(idempotencyKey, { outcome: "failed", reason: refusal });
      }
      return outcomes;
    },
    async ask(payouts) {
      const outcomes = new Map<string, AskedOutcome>();
      for (const [group, some] of groupsOf(payouts)) {
        const detail = await detailOf(options, group);
        for (const payout of detail ? some : [])
          outcomes.set(payout.idempotencyKey, detail?.get(instructionIdOf(payout)) ?? notReceived);
      }
      return outcomes;
    },
  };
}

const notReceived = { outcome: "not-received" } as const;

/** What the bank calls a payment: sixteen characters, the same whenever it is sent. */
function instructionIdOf({ idempotencyKey }: Payout): string {
  return `P${transactionIdOf(`sub-batch/${idempotencyKey}`)}`;
}

function groupsOf(payouts: readonly Payout[]): ReadonlyMap<string, readonly Payout[]> {
  return Map.groupBy(payouts, ({ group, idempotencyKey }) => group ?? idempotencyKey);
}

const refusalBody = z.object({ responseCode: z.literal("01"), responseDescription: z.string() });

/** Why the bank takes none of it; undefined where it took it, or nobody knows whether it did. */
async function sendGroup(
  options: BankOptions,
  group: string,
  payouts: readonly Payout[],
): Promise<string | undefined> {
  const [first] = payouts;
  const body = {
    batchId: group,
    destinationDFSPID: first?.fspId,
    creditInstructions: payouts.map((payout) => ({
      instructionID: instructionIdOf(payout),
      financialAddress: payout.account,
      amount: rawNumber(formatMajor(payout.money)),
      currency: payout.money.currency,
      narration: (payout.narration ?? "").slice(0, 50),
    })),
  };
  const keys = payouts.map(({ idempotencyKey }) => idempotencyKey).toSorted();
  const correlationId = derivedUuid(`paypost/1/sub-batch/${keys.join("/")}`);
  const response = await request(options, "POST", "/batches", correlationId, JSON.stringify(body));
  if (response.status !== 400) return undefined;
  const refusal = refusalBody.safeParse(response.body);
  return refusal.success ? `The bank refuses: ${refusal.data.responseDescription}`.slice(0, 200) : undefined;
}

const detailRow = z.object({
  transactionId: z.string(),
  status: z.string(),
  statusDetail: z.string().nullish(),
});

/** What became of each payment of a sub-batch, by its id; undefined where the bank does not say. */
async function detailOf(
  options: BankOptions,
  group: string,
): Promise<ReadonlyMap<string, AskedOutcome> | undefined> {
  const outcomes = new Map<string, AskedOutcome>();
  for (let page = 1; ; page += 1) {
    const query = new URLSearchParams({
      batchId: group,
      pageNo: String(page),
      pageSize: String(pageSize),
    });
    const answer = await request(options, "GET", `/api/v1/batch/detail?${query.toString()}`, group);
    if (answer.status === 404 && refusalBody.safeParse(answer.body).success) return outcomes;
    const rows = z.array(detailRow).safeParse(answer.body);
    if (answer.status !== 200 || !rows.success) return undefined;
    for (const row of rows.data) outcomes.set(row.transactionId, outcomeOf(row));
    if (rows.data.length < pageSize) return outcomes;
  }
}

function outcomeOf({ status, statusDetail }: z.infer<typeof detailRow>): AskedOutcome {
  switch (status) {
    case "COMPLETED":
    case "ACSC":
      return { outcome: "paid" };
    case "FAILED":
    case "RJCT":
      return { outcome: "failed", reason: (statusDetail || "The bank says: failed").slice(0, 200) };
    default:
      return { outcome: "unknown" };
  }
}

async function request(
  { url, headers, callbackUrl, timeoutMs = defaultTimeoutMs }: BankOptions,
  method: string,
  path: string,
  correlationId: string,
  body?: string,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${url.replace(/\/+$/, "")}${path}`, {
    method,
    headers: {
      ...headers,
      "X-CorrelationID": correlationId,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(body === undefined || callbackUrl === undefined ? {} : { "X-CallbackURL": callbackUrl }),
    },
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, body: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
