/**
 * The outbox of callbacks (GovStack Payments BB, general rules): a row in the transaction of the change that it tells of,
 * sent after the commit until its receiver has answered.
 */
import { currentCorrelation } from "../watch/correlation.ts";
import type { CallbackKind, InstitutionRow, Job, Tx } from "../ports/store.ts";

export interface CallbackRequest {
  readonly institutionId: string;
  readonly kind: CallbackKind;
  readonly subject: bigint;
  /** For a callback the URL of the request's header; a receiver with a registered base URL is called there instead. */
  readonly url: string;
  /** Added where a receiver with a registered base URL is called. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Requests the callback, or requests it once more. Returns the job that sends it, which is not enqueued yet. */
export async function requestCallback(tx: Tx, request: CallbackRequest, path: CallbackPath): Promise<Job> {
  const institution = await tx.registry.institution(request.institutionId);
  const { institutionId, kind, subject } = request;
  const id = await tx.callbacks.request({
    institutionId,
    kind,
    subject,
    url: targetUrl(institution, request, path),
    correlationId: currentCorrelation() ?? null,
  });
  return { queue: "callback", id: String(id) };
}

/** Requests, or requests once more, what a biller or payer FI is told at an address that it has registered. */
export async function requestMessage(tx: Tx, message: CallbackRequest): Promise<Job> {
  const id = await tx.callbacks.request({ ...message, correlationId: currentCorrelation() ?? null });
  return { queue: "callback", id: String(id) };
}

/** What is told of; each has its published path under a receiver's base URL. */
export type CallbackPath = keyof typeof publishedPaths;

export const publishedPaths = {
  create: "voucher-details-return",
  cancel: "vouchers/cancellation/confirmation",
  activate: "vouchers/activation/confirmation",
  suspend: "vouchers/suspension/confirmation",
  unsuspend: "vouchers/unsuspension/confirmation",
  block: "vouchers/blocking/confirmation",
  purge: "vouchers/purge/confirmation",
  update: "vouchers/update/confirmation",
  redemption: "vouchers/redemption/confirmation",
  file: "vouchers/batches/confirmation",
  billInquiry: "billInquiryResponse",
  billPayment: "paymentNotificationResponse",
  requestToPayStatus: "transferRequestResponse",
  "map-payees": "identityAccountMapper/beneficiary/confirmation",
  "look-up": "identityAccountMapper/accountLookup/confirmation",
  "validate-addresses": "beneficiaries/validation/confirmation",
  "validate-payees": "prepayment-validation-response",
  disbursement: "api/v1/batch",
  funds: "batches/authorization/confirmation",
  "g2p-link": "mapper/on-link",
  "g2p-update": "mapper/on-update",
  "g2p-unlink": "mapper/on-unlink",
  "g2p-resolve": "mapper/on-resolve",
  "g2p-status": "mapper/txn/on-status",
} as const;

function targetUrl(
  institution: InstitutionRow | undefined,
  { url, query }: CallbackRequest,
  path: CallbackPath,
): string {
  const base = institution?.callbackBaseUrl;
  if (!base) return url;
  const search = query ? `?${new URLSearchParams(query).toString()}` : "";
  return `${base.replace(/\/+$/, "")}/${publishedPaths[path]}${search}`;
}
