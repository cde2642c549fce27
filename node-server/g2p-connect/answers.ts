/** What G2P Connect is answered with: the same message as callback and as synchronous answer, composed when it is sent. */
import { randomUUID } from "node:crypto";
import type { MapperAction, MapperRequestRow, MapperResult, PayeeRow } from "../ports/mapper.ts";
import type { Tx } from "../ports/store.ts";
import type { G2pAction } from "./envelope.ts";
import { formatFinancialAddress } from "./financial-address.ts";

/** The name that this server has for its callers. */
export const ownSenderId = "paypost";

export interface G2pAnswer {
  readonly header: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
}

const names: Partial<Record<MapperAction, G2pAction>> = {
  register: "link",
  update: "update",
  unlink: "unlink",
  resolve: "resolve",
};

export async function composeAnswer(tx: Tx, request: MapperRequestRow): Promise<G2pAnswer> {
  if (request.about !== null) return composeStatus(tx, request, request.about);
  const { total, done } = await tx.mapperRequests.progress(request.id);
  const action = nameOf(request);
  return {
    header: headerOf(request, `on-${action}`, total, done),
    message: await messageOf(tx, request, action),
  };
}

/** The status of another request: what its own answer would say now. */
export async function composeStatus(
  tx: Tx,
  request: Pick<MapperRequestRow, "institutionId" | "requestId" | "batchId">,
  about: bigint,
): Promise<G2pAnswer> {
  const subject = await tx.mapperRequests.find(about);
  if (!subject) throw new Error(`no mapper request ${about}`);
  const { total, done } = await tx.mapperRequests.progress(about);
  const action = nameOf(subject);
  return {
    header: headerOf(request, "txn-on-status", total, done),
    message: {
      transaction_id: request.requestId,
      correlation_id: request.batchId ?? "",
      txnstatus_response: { txn_type: `on-${action}`, txn_status: await messageOf(tx, subject, action) },
    },
  };
}

function nameOf({ id, action }: MapperRequestRow): G2pAction {
  const name = names[action];
  if (name === undefined) throw new Error(`mapper request ${id} is none of G2P Connect`);
  return name;
}

function headerOf(
  { institutionId }: Pick<MapperRequestRow, "institutionId">,
  action: string,
  total: number,
  done: number,
) {
  return {
    version: "1.0.0",
    message_id: randomUUID(),
    message_ts: new Date().toISOString(),
    action,
    status: done < total ? "pdng" : "succ",
    total_count: total,
    completed_count: done,
    sender_id: ownSenderId,
    receiver_id: institutionId,
    is_msg_encrypted: false,
  };
}

/** More items than a message may hold are never stored. */
const all = { afterLine: 0, limit: 10_000 };

async function messageOf(
  tx: Tx,
  request: MapperRequestRow,
  action: G2pAction,
): Promise<Record<string, unknown>> {
  const results = await tx.mapperRequests.results(request.id, all);
  const identities = results.flatMap(({ payeeIdentity }) => payeeIdentity ?? []);
  const payees =
    action === "unlink"
      ? new Map<string, PayeeRow>()
      : await tx.payees.findAll(request.institutionId, [...new Set(identities)]);
  return {
    transaction_id: request.requestId,
    correlation_id: request.batchId ?? "",
    [`${action}_response`]: results.map((result) =>
      itemAnswer(action, result, payees.get(result.payeeIdentity ?? "")),
    ),
  };
}

function itemAnswer(action: G2pAction, result: MapperResult, payee: PayeeRow | undefined) {
  const { instructionId, dated, payeeIdentity, reasonCode, failureReason, done, details } = result;
  const preferred = payee?.addresses.find(({ n }) => n === payee.preferred);
  const isResolved = reasonCode?.endsWith("active") === true;
  // A link or update tells where the payee is paid now; resolving only to who asks for details.
  const showsAddress = action === "resolve" ? isResolved && details === true : failureReason === null && done;
  return {
    reference_id: instructionId ?? "",
    timestamp: dated ?? "",
    ...(payeeIdentity === null || (action === "resolve" && details !== true) ? {} : { id: payeeIdentity }),
    ...(showsAddress && preferred ? { fa: formatFinancialAddress(preferred) } : {}),
    ...(showsAddress && action === "resolve" && preferred?.institutionCode
      ? { account_provider_info: { name: preferred.institutionCode, code: preferred.institutionCode } }
      : {}),
    status: !done ? "pdng" : failureReason === null ? "succ" : "rjct",
    ...(reasonCode === null ? {} : { status_reason_code: reasonCode }),
    ...(failureReason === null ? {} : { status_reason_message: failureReason }),
  };
}
