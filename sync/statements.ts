/** What an online node asks about its own redemptions once they are decided, and about whoever brings a voucher. */
import { decodeBillStatement } from "./documents/bill-statement.ts";
import type { BillStatement } from "./documents/bill-statement.ts";
import type { AuthenticationOutcome } from "./documents/operation.ts";
import { authenticationResults } from "./documents/operation.ts";
import { decodeDisputes, decodePayouts } from "./documents/statement.ts";
import type { PayoutStatement, ToldDispute } from "./documents/statement.ts";
import { postAsNode } from "./node-call.ts";
import type { NodeCallParts } from "./node-call.ts";
import { jsonObject } from "./server-call.ts";
import type { CallFailure } from "./server-call.ts";

export type StatementAnswer<T> =
  | (T & { readonly ok: true })
  | { readonly ok: false; readonly failure: CallFailure };

/** The newest disputes of this node, those that are not ended before the others. */
export async function fetchDisputes(
  parts: NodeCallParts,
): Promise<StatementAnswer<{ readonly disputes: readonly ToldDispute[] }>> {
  const answer = await ask(parts, "/v1/disputes", {});
  if (!answer.ok) return answer;
  const read = decodeDisputes(answer.body);
  return read.ok ? { ok: true, disputes: read.value } : notUnderstood;
}

/** What was paid after the payout of that reference; null for the first. */
export async function fetchPayouts(
  parts: NodeCallParts,
  after: string | null,
): Promise<StatementAnswer<{ readonly statement: PayoutStatement }>> {
  const answer = await ask(parts, "/v1/payouts", { after });
  if (!answer.ok) return answer;
  const read = decodePayouts(answer.body);
  return read.ok ? { ok: true, statement: read.value } : notUnderstood;
}

/** What this node has to give back of bills, and what was paid in for its float. */
export async function fetchBillStatement(
  parts: NodeCallParts,
): Promise<StatementAnswer<{ readonly statement: BillStatement }>> {
  const answer = await ask(parts, "/v1/bill-statement", {});
  if (!answer.ok) return answer;
  const read = decodeBillStatement(answer.body);
  return read.ok ? { ok: true, statement: read.value } : notUnderstood;
}

/** Asks that others decide a dispute once more. */
export async function appealDispute(
  parts: NodeCallParts,
  appeal: { readonly sequence: number; readonly because: string },
): Promise<StatementAnswer<object>> {
  const answer = await ask(parts, "/v1/disputes/appeals", appeal);
  return answer.ok ? { ok: true } : answer;
}

/** The evidence of a dispute as a bundle that anyone can check. */
export async function fetchEvidence(
  parts: NodeCallParts,
  sequence: number,
): Promise<StatementAnswer<{ readonly file: Uint8Array }>> {
  const answer = await ask(parts, "/v1/disputes/evidence", { sequence });
  return answer.ok ? { ok: true, file: answer.body } : answer;
}

export interface WhoIsThere {
  readonly serial: bigint;
  /** What a registry knows somebody by, such as a functional id. */
  readonly identity: string;
  /** What only that person should know; null where the registry asks for none. */
  readonly secret: string | null;
}

/** Asks a registry, through the server, whether somebody is whom the voucher is for. Neither side keeps the data. */
export async function authenticate(
  parts: NodeCallParts,
  { serial, ...who }: WhoIsThere,
): Promise<StatementAnswer<Pick<AuthenticationOutcome, "result">>> {
  const answer = await ask(parts, "/v1/authentications", { serial: serial.toString(), ...who });
  if (!answer.ok) return answer;
  const told = jsonObject(answer.body)?.["result"];
  const result = authenticationResults.find((known) => known === told);
  return result ? { ok: true, result } : notUnderstood;
}

/** Uses up an operator's one-time code, by which a forgotten PIN may be set anew; once for each request id. */
export async function usePinCode(
  parts: NodeCallParts,
  code: { readonly code: string; readonly request: string },
): Promise<StatementAnswer<object>> {
  const answer = await ask(parts, "/v1/pin-codes", code);
  return answer.ok ? { ok: true } : answer;
}

async function ask(
  parts: NodeCallParts,
  path: string,
  question: object,
): Promise<StatementAnswer<{ readonly body: Uint8Array }>> {
  const body = JSON.stringify(question);
  return postAsNode(parts, { path, contentType: "application/json", body });
}

/** Something that is not our server has answered. */
const notUnderstood = { ok: false, failure: { code: "unreachable" } } as const;
