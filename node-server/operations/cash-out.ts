/** Judges a voucher that was paid out in cash: by whom, and what was kept of it (S7). */
import { decodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { timeOfUuidv7 } from "#sync/ids.ts";
import { mostCashFeeMinor } from "#sync/limits.ts";
import type { CashOutBreach } from "#sync/limits.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import { readPolicy } from "../nodes/policies.ts";
import type { NodeRow, Tx } from "../ports/store.ts";
import type { RedeemOperation } from "./redeem.ts";

export async function judgeCashOut(
  tx: Tx,
  node: NodeRow,
  { body, operation }: RedeemOperation,
): Promise<CashOutBreach | undefined> {
  if (!body.cashOut) return undefined;
  if (!isAgent(node)) return "not-an-agent";
  const row = await tx.limits.policy(operation.policyVersion);
  const most = mostCashFeeMinor(row && readPolicy(row), body, timeOfUuidv7(operation.operationId));
  if (most === undefined) return "cash-out-not-allowed";
  return body.cashOut.feeMinor > most ? "over-cash-fee" : undefined;
}

/** As the server itself signed it when it let the node in. */
function isAgent({ certificate }: NodeRow): boolean {
  const parsed = parseDocument(certificate);
  const read = parsed.ok ? decodeEnrolmentCertificate(parsed.payload) : undefined;
  return read?.ok === true && read.value.agent;
}
