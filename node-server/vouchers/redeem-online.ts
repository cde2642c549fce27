/**
 * Redeeming over the API (GovStack vouchers, redeem): claim, pay, answer. The same request id gives the same outcome,
 * also after a crash or a time-out in between; an unknown outcome is never an answer.
 */
import type { VoucherRefusalCode } from "#core/voucher-refusal.ts";
import { hasExpired } from "#core/voucher-validity.ts";
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { claimIdOf, claimVoucher } from "../payments/claim.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { ClaimRow, Store, Tx, VoucherRow } from "../ports/store.ts";
import type { RequestIdentity } from "./accept.ts";
import { indexOfNumber } from "./numbers.ts";

export interface RedeemRequest {
  readonly serialNumber: string;
  readonly voucherNumber: string;
  readonly agentId: string;
}

export type OnlineRefusalCode =
  | VoucherRefusalCode
  | "unknown-voucher"
  | "wrong-number"
  | "unknown-agent"
  | "wrong-merchant-group"
  | "merchant-not-creditable";

export type RedeemOutcome =
  | { readonly outcome: "paid"; readonly claim: ClaimRow }
  | {
      readonly outcome: "refused";
      readonly code: OnlineRefusalCode;
      readonly voucher: VoucherRow | undefined;
    }
  /** Not known in time: the same request id gives it later. */
  | { readonly outcome: "unknown" }
  | { readonly outcome: "other-body" };

export interface RedeemDependencies {
  readonly store: Store;
  readonly gateway: PaymentGateway;
  readonly indexKey: Uint8Array;
}

export async function redeemOnline(
  deps: RedeemDependencies,
  identity: RequestIdentity,
  request: RedeemRequest,
): Promise<RedeemOutcome> {
  const claimed = await claimOnce(deps, identity, request);
  if (claimed.outcome !== "claimed") return claimed;
  const state = await payClaim(deps.store, deps.gateway, claimed.claimId);
  if (state !== "paid" && state !== "released") return { outcome: "unknown" };
  return deps.store.transaction(async (tx) => {
    const claim = await tx.claims.find(claimed.claimId);
    if (!claim) throw new Error(`no claim ${claimed.claimId}`);
    if (claim.state === "paid") return { outcome: "paid", claim };
    const voucher = await tx.vouchers.find(claim.serial);
    return { outcome: "refused", code: "merchant-not-creditable", voucher };
  });
}

type Claimed = { readonly outcome: "claimed"; readonly claimId: string } | RedeemOutcome;

/** A refusal rolls back, so that a refused request stores nothing, not even its id. */
class Refused extends Error {
  readonly code: OnlineRefusalCode;
  readonly voucher: VoucherRow | undefined;
  constructor(code: OnlineRefusalCode, voucher?: VoucherRow) {
    super(code);
    this.code = code;
    this.voucher = voucher;
  }
}

async function claimOnce(
  deps: RedeemDependencies,
  identity: RequestIdentity,
  request: RedeemRequest,
): Promise<Claimed> {
  const { institutionId, call, requestId } = identity.key;
  const cause = `request:${institutionId}:${call}:${requestId}`;
  try {
    return await deps.store.transaction(async (tx) => {
      const stored = await tx.requests.begin(identity.key, identity.bodyHash);
      if (!stored) await claim(deps, tx, institutionId, cause, request);
      else if (!equalBytes(stored.bodyHash, identity.bodyHash)) return { outcome: "other-body" };
      return { outcome: "claimed", claimId: claimIdOf(cause) };
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { outcome: "refused", code: error.code, voucher: error.voucher };
  }
}

async function claim(
  deps: RedeemDependencies,
  tx: Tx,
  institutionId: string,
  cause: string,
  request: RedeemRequest,
): Promise<void> {
  const serial = parseSerial(request.serialNumber);
  const voucher = serial === undefined ? undefined : (await tx.vouchers.lock([serial])).get(serial);
  if (!voucher) throw new Refused("unknown-voucher");
  const number = normaliseVoucherNumber(request.voucherNumber);
  const isNumber =
    number !== undefined && equalBytes(indexOfNumber(deps.indexKey, number), voucher.numberIndex);
  if (!isNumber) throw new Refused("wrong-number", voucher);
  const merchant = await tx.registry.merchant(request.agentId);
  if (!merchant) throw new Refused("unknown-agent", voucher);
  if (!(await tx.registry.accepts(merchant.id, voucher.groupCode))) {
    throw new Refused("wrong-merchant-group", voucher);
  }
  if (hasExpired(voucher, await tx.now())) throw new Refused("expired", voucher);
  const actor = `institution:${institutionId}`;
  const claimed = await claimVoucher(tx, voucher, {
    cause,
    merchantId: merchant.id,
    offline: false,
    entitled: false,
    actor,
  });
  if (!claimed.ok) throw new Refused(claimed.refusal.code, voucher);
}
