/**
 * Who may ask what: each call of the server with what it needs and what is answered to those who lack it. Its test asks
 * each, and holds the table of docs/security.md to it; a call that stands in neither list fails it.
 */
import type { Scope } from "../../node-server/middleware/caller.ts";

/** What an institution of another is told: as if there were none, or where it is tested instead. */
interface CallerCall {
  readonly scope: Scope;
  readonly others?: string;
}

const call = (scope: Scope, others?: string): CallerCall => ({
  scope,
  ...(others === undefined ? {} : { others }),
});
const none = "as if there were none";
const parties = "its parties only (requests-to-pay.pg.test.ts)";

/** For everybody. */
export const publicCalls: Readonly<Record<string, string>> = {
  "GET /healthcheck": "says that the process lives",
  "GET /readiness": "says whether it can work",
  "GET /metrics": "the token of the metrics, or this machine (watch.pg.test.ts)",
  "GET /.well-known/jwks.json": "public keys",
  "GET /v1/keys": "public keys",
  "GET /openapi.json": "the description of the API",
  "GET /docs": "the same as a page",
  "GET /docs/start.js": "the same as a page",
  "GET /docs/:asset": "the same as a page",
  "POST /v1/enrolments": "a code that works once, and a proof of the key",
  "POST /v1/node-keys": "signatures by the node's key so far and by the new one",
  "POST /v1/sessions": "an assertion that the node's key signed, and that works once",
  "PUT /mobile-money/callbacks": "a hint to ask the provider, never believed",
  "POST /mobile-money/callbacks": "a hint to ask the provider, never believed",
};

/** For institutions, with a token. */
export const callerCalls: Readonly<Record<string, CallerCall>> = {
  "POST /vouchers": call("vouchers:issue"),
  "POST /vouchers?command=redeem": call("vouchers:redeem"),
  "POST /vouchers?command=redeemPay": call("vouchers:redeem"),
  "POST /vouchers?command=cancel": call("vouchers:issue"),
  "PUT /vouchers": call("vouchers:issue"),
  "PUT /vouchers?command=redeemPay": call("vouchers:redeem"),
  "GET /vouchers": call("vouchers:read"),
  "GET /vouchers/stock": call("vouchers:read"),
  "GET /vouchers/:serialNumber": call("vouchers:read", "403"),
  "GET /voucher/:serialNumber": call("vouchers:read", "403"),
  "GET /voucher/validity": call("vouchers:read"),
  "POST /voucher/validity": call("vouchers:read"),
  "POST /vouchers/batches": call("vouchers:issue"),
  "GET /vouchers/batches/:batchID": call("vouchers:read", none),
  "GET /vouchers/batches/:batchID/file": call("vouchers:read", none),
  "POST /vouchers/voucher_preactivation": call("vouchers:issue"),
  "PATCH /vouchers/voucher_activation": call("vouchers:issue"),
  "POST /vouchers/voucher_redemption": call("vouchers:redeem"),
  "POST /vouchers/voucher_redeemption": call("vouchers:redeem"),
  "GET /vouchers/voucherstatuscheck/:serial": call("vouchers:read", none),
  "PATCH /vouchers/voucherstatuscheck/:serial": call("vouchers:issue", none),
  "GET /callbacks": call("vouchers:read"),
  "POST /callbacks/:id/resend": call("vouchers:issue", none),
  "POST /bills": call("bills:write"),
  "GET /bills/:billId": call("bills:read", parties),
  "POST /bills/:billId": call("bills:write", parties),
  "GET /billers": call("bills:read"),
  "POST /billTransferRequests": call("bills:write"),
  "POST /paymentNotifications": call("bills:write"),
  "POST /voucherRedemption": call("bills:write"),
  "POST /rtpRequest": call("bills:write"),
  "POST /rtpResponse": call("bills:write"),
  "GET /transferRequests/:id": call("bills:read", parties),
  "PUT /transferRequests/:id": call("bills:write", parties),
  "GET /settlements": call("bills:read"),
  "GET /settlements/payments": call("bills:read"),
  "POST /settlements/reconciliation": call("bills:write"),
  ...Object.fromEntries(
    ["/beneficiary", "/identityAccountMapper/beneficiary"].flatMap((path) => [
      [`POST ${path}`, call("mapper:write")],
      [`PUT ${path}`, call("mapper:write")],
      [`GET ${path}`, call("mapper:read", none)],
    ]),
  ),
  ...Object.fromEntries(
    ["/paymentModality", "/identityAccountMapper/paymentModality"].flatMap((path) => [
      [`POST ${path}`, call("mapper:write")],
      [`PUT ${path}`, call("mapper:write")],
    ]),
  ),
  "POST /accountLookup": call("mapper:read"),
  "POST /identityAccountMapper/accountLookup": call("mapper:read"),
  "POST /beneficiaries": call("mapper:read"),
  "POST /beneficiaries/validation/confirmation": call("disbursements:pay"),
  "GET /beneficiaries": call("mapper:read"),
  "GET /beneficiaries/:payeeIdentity": call("mapper:read", none),
  "GET /beneficiaries/:payeeIdentity/history": call("mapper:read", none),
  "POST /identityAccountMapper/files": call("mapper:write"),
  "GET /identityAccountMapper/requests/:requestID": call("mapper:read", none),
  "POST /register-beneficiary": call("mapper:write"),
  "POST /update-beneficiary-details": call("mapper:write"),
  "POST /prepayment-validation": call("mapper:read"),
  "POST /prepayment-validation-response": call("mapper:read"),
  ...Object.fromEntries(
    ["link", "update", "unlink"].flatMap((action) => [
      [`POST /mapper/${action}`, call("mapper:write")],
      [`POST /mapper/sync/${action}`, call("mapper:write")],
    ]),
  ),
  "POST /mapper/resolve": call("mapper:read"),
  "POST /mapper/sync/resolve": call("mapper:read"),
  "POST /mapper/txn/status": call("mapper:read"),
  "POST /mapper/sync/txn/status": call("mapper:read"),
  "POST /registry/sync/txn/status": call("mapper:read"),
  "POST /batchtransactions": call("disbursements:submit"),
  "GET /batch/Summary/:batchId": call("disbursements:read", none),
  "GET /batch/summary/:batchId": call("disbursements:read", none),
  "GET /api/v1/batch/detail": call("disbursements:read", none),
  "GET /batches/:batchId/approval": call("disbursements:read", none),
  "POST /batches/:batchId/approval": call("disbursements:approve", none),
  "POST /batches/:batchId": call("disbursements:submit", none),
  "POST /batches/:batchId?command=authorize": call("disbursements:pay"),
  "POST /batches/:batchId/authorization": call("disbursements:pay", none),
  "GET /batches/:batchId/result": call("disbursements:read", none),
  "GET /batches/:batchId/pain.002": call("disbursements:read", none),
  "GET /batches/:batchId/receipts/:requestId": call("disbursements:read", none),
  "GET /batches/:batchId/reconciliation": call("disbursements:read", none),
  "POST /api/v1/batch": call("disbursements:pay"),
  "POST /bulk-payment": call("disbursements:submit"),
};

/** For nodes, with a session; what one that was revoked or frozen is answered. */
export const nodeCalls: Readonly<Record<string, { readonly revoked: 200 | 403 }>> = {
  // What lies beyond the revocation is stored and held for people (design section 4.6).
  "POST /v1/operations": { revoked: 200 },
  "POST /v1/carried": { revoked: 403 },
  "POST /v1/leases": { revoked: 403 },
  "POST /v1/leases/renewals": { revoked: 403 },
  "POST /v1/leases/holder": { revoked: 403 },
  "POST /v1/disputes": { revoked: 403 },
  "POST /v1/disputes/appeals": { revoked: 403 },
  "POST /v1/disputes/evidence": { revoked: 403 },
  "POST /v1/bill-statement": { revoked: 403 },
  "POST /v1/payouts": { revoked: 403 },
  "POST /v1/authentications": { revoked: 403 },
  "POST /v1/pin-codes": { revoked: 403 },
  "POST /v1/payee-key": { revoked: 403 },
  "GET /v1/shapes/:name": { revoked: 403 },
};

/** The rows of the tables in docs/security.md. */
export function accessRows(): string[][] {
  return [
    ...Object.entries(callerCalls).map(([name, { scope, others }]) => [
      `\`${name}\``,
      `\`${scope}\``,
      "401",
      "401",
      "401",
      "403",
      "403",
      others ?? "",
    ]),
    ...Object.entries(nodeCalls).map(([name, { revoked }]) => [
      `\`${name}\``,
      "401",
      "401",
      "401",
      revoked === 200 ? "stored and held" : String(revoked),
    ]),
    ...Object.entries(publicCalls).map(([name, why]) => [`\`${name}\``, why]),
  ];
}
