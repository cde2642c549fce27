/** What the calls about bills share: who calls, and the headers that each must have. */
import type { Addresses } from "../addresses.ts";
import type { ResolveAlias } from "../bills/payer-address.ts";
import type { Acceptance } from "../accept-once.ts";
import { header, requiredHeader } from "../middleware/headers.ts";
import type { Problem } from "../middleware/problem.ts";
import type { OperationContext } from "../operations/context.ts";
import type { Store } from "../ports/store.ts";
import type { SettlementReports } from "../postgres/settlement-report.ts";
import { billProblem } from "./bill-answers.ts";
import type { BillApiRefusal } from "./bill-answers.ts";
import type { Caller } from "./caller-request.ts";

export interface BillRouteDependencies {
  readonly store: Store;
  /** What a biller's answer to an agent's payment needs: it is the verdict on an operation. */
  readonly context: OperationContext;
  readonly indexKey: Uint8Array;
  readonly checkCallbackUrl: (institutionId: string, url: string) => Promise<void>;
  readonly resolveAlias: ResolveAlias;
  readonly addresses: Addresses;
  /** Opens what was sealed for the server's published key; undefined for anything else. */
  readonly openBox: (sealed: Uint8Array) => Uint8Array | undefined;
  readonly settlements: SettlementReports;
}

/** Throws the 400 that names a missing header. Returns the correlation id. */
export function requireBillHeaders(c: Caller, role: "X-PayerFI-Id" | "X-billerId"): string {
  requiredHeader(c, "X-Platform-TenantId", 20);
  requiredHeader(c, role, 20);
  return requiredHeader(c, "X-CorrelationID", 64);
}

/** The callback URL of the request, checked; null where there is none. */
export async function callbackUrlOf(deps: BillRouteDependencies, c: Caller): Promise<string | null> {
  if (header(c, "X-Callback-URL") === undefined) return null;
  const url = requiredHeader(c, "X-Callback-URL", 100);
  await deps.checkCallbackUrl(c.get("institutionId"), url);
  return url;
}

/** The same where the row demands one. */
export async function requiredCallbackUrl(deps: BillRouteDependencies, c: Caller): Promise<string> {
  return (await callbackUrlOf(deps, c)) ?? requiredHeader(c, "X-Callback-URL", 100);
}

export function billAnswered<Refusal extends BillApiRefusal>(
  c: Caller,
  acceptance: Acceptance<Refusal>,
  requestId: string,
): Response {
  if (!acceptance.ok) throw refusalProblem(acceptance.refusal, requestId);
  const { status, body } = acceptance.accepted;
  return c.body(body, status as 200, { "content-type": "application/json" });
}

function refusalProblem(refusal: BillApiRefusal, requestId: string): Problem {
  return billProblem(refusal, requestId);
}

/** An acknowledgement of the current API's bills. */
export function acknowledgedBill(reason: string, requestId: string) {
  return { status: 202, body: JSON.stringify({ responseCode: "00", reason, requestId }) };
}
