/** Gathers what is known of a voucher, decides, and records: a redemption from the shop assistant's input to "accepted". */
import { scryptSync } from "node:crypto";
import type { Money } from "#core/money.ts";
import { clockOffsetMs } from "#sync/clock.ts";
import { decodeLease } from "#sync/documents/lease.ts";
import type { Lease } from "#sync/documents/lease.ts";
import type {
  AuthenticationOutcome,
  CashOutTerms,
  RedeemVoucher,
  RedemptionMode,
} from "#sync/documents/operation.ts";
import type { Policy } from "#sync/documents/policy.ts";
import {
  checkVoucherNumber,
  commitmentOf,
  openingFor,
  sealNumber,
  verifierCost,
} from "#sync/documents/voucher-number.ts";
import { decodeVoucherToken, textToToken } from "#sync/documents/voucher-token.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { openTrusted } from "#sync/open-trusted.ts";
import type { Holder } from "#sync/leases.ts";
import { limitsIn } from "#sync/limits.ts";
import { decideCashOut } from "./decide-cash-out.ts";
import type { CashOutDecision } from "./decide-cash-out.ts";
import { decideRedemptionHere } from "./decide-redemption.ts";
import type { RedemptionDecision, RedemptionFacts, RedemptionRefusal } from "./decide-redemption.ts";
import type { NodeStores } from "./open.ts";
import { recordOperation } from "./record.ts";
import type { RecordedOperation, RecordParts } from "./record.ts";
import { standingRefusal, timeOf } from "./standing.ts";
import type { StandingRefusal } from "./standing.ts";

export interface RedeemRequest {
  /** One of the two at least; where both are given they must name the same voucher. */
  readonly serial?: bigint;
  readonly token?: string;
  /** 16 digits. */
  readonly number: string;
  readonly actor: string;
  readonly offline: boolean;
  /** An agent pays it out. */
  readonly inCash?: boolean;
  readonly authentication?: AuthenticationOutcome | null;
  /** Whose cash it is paid out of, and whose totals it counts in. */
  readonly shift?: number | null;
  /** Called in the transaction that records it, with what is guaranteed. */
  readonly onWritten?: (sequence: number, guaranteed: Money | null) => void;
}

type CashOutRefusal = Extract<CashOutDecision, { readonly ok: false }>["refusal"];

export type RedeemRefusal =
  | RedemptionRefusal
  | CashOutRefusal
  | StandingRefusal
  /** The server says that somebody else holds it, and has asked for it back. */
  | { readonly code: "leased-elsewhere"; readonly holder: Holder }
  | { readonly code: "token-not-genuine"; readonly because: string }
  | { readonly code: "token-of-another-voucher" };

export interface Redeemed extends RecordedOperation {
  readonly mode: RedemptionMode;
  readonly token: VoucherToken;
  readonly anchored: boolean;
  readonly cashOut: CashOutTerms | null;
  /** What is guaranteed should another have been first; null where that cannot be, or nothing is. */
  readonly guaranteedMinor: bigint | null;
}

export type RedeemResult =
  | { readonly ok: true; readonly redeemed: Redeemed }
  | { readonly ok: false; readonly refusal: RedeemRefusal };

/** What a redemption would do, without doing it: an online one contacts the server in between. */
export type Prepared =
  | {
      readonly ok: true;
      readonly mode: RedemptionMode;
      readonly token: VoucherToken;
      readonly cashOut: CashOutTerms | null;
      record(): RedeemResult;
    }
  | { readonly ok: false; readonly refusal: RedeemRefusal };

export async function prepareRedemption(parts: RecordParts, request: RedeemRequest): Promise<Prepared> {
  const presented = await presentVoucher(parts, request);
  if (!presented.ok) return presented;
  const { decision, decide } = presented;
  const { mode, token, cashOut } = decision;
  return {
    ok: true,
    mode,
    token,
    cashOut,
    record: () => record(parts, request, decision, decide),
  };
}

/** A voucher as it is presented, and whether it could be taken now; `decide` decides again. */
export type PresentedVoucher =
  | {
      readonly ok: true;
      readonly decision: WholeDecision & { readonly ok: true };
      readonly decide: () => WholeDecision;
    }
  | { readonly ok: false; readonly refusal: RedeemRefusal };

export async function presentVoucher(
  parts: RecordParts,
  request: Omit<RedeemRequest, "actor">,
): Promise<PresentedVoucher> {
  const standing = standingRefusal(parts.stores);
  if (standing) return refused(standing);
  const scanned = request.token === undefined ? undefined : await openToken(parts, request.token);
  if (typeof scanned === "string") return refused({ code: "token-not-genuine", because: scanned });
  const serial = request.serial ?? scanned?.token.serial;
  if (serial === undefined) throw new Error("a redemption names a serial or a token");
  if (scanned && scanned.token.serial !== serial) return refused({ code: "token-of-another-voucher" });
  const held = parts.stores.leases.find(serial);
  const stored = held && (await openToken(parts, held.token));
  if (scanned && typeof stored === "object" && !sameVoucher(scanned.token, stored.token)) {
    return refused({ code: "token-of-another-voucher" });
  }
  const opened = typeof stored === "object" ? stored : scanned;
  const lease = held && (typeof stored === "string" ? "not-valid" : await openLease(parts, held.lease));
  const numberFits =
    opened !== undefined && checkVoucherNumber(opened.token, opened.keyId, request.number, nativeScrypt);
  const voucher = {
    serial,
    token: opened?.token,
    lease,
    withdrawn: held !== undefined && held.withdrawnMs !== null,
    numberFits,
  };
  const decide = () => decideAll(parts, request, factsNow(parts, request, voucher));
  const decision = decide();
  return decision.ok ? { ok: true, decision, decide } : decision;
}

function record(
  parts: RecordParts,
  request: RedeemRequest,
  decision: WholeDecision & { readonly ok: true },
  decide: () => WholeDecision,
): RedeemResult {
  const { stores, clock, randomBytes } = parts;
  const { mode, epoch, token, cashOut } = decision;
  const { actor, authentication = null, shift = null } = request;
  const time = timeOf(stores, clock);
  const anchor = stores.node.anchor();
  const { serial, amountMinor, currency } = token;
  const voucher = { serial, amountMinor, currency };
  const opening = openingFor(request.number, randomBytes);
  const body: RedeemVoucher = {
    type: "redeem-voucher",
    ...voucher,
    mode,
    epoch,
    numberCommitment: commitmentOf(opening),
    deniedAsOfMs: decision.mode === "at-risk" ? decision.deniedAsOfMs : null,
    authentication,
    cashOut,
  };
  const sealed = sealNumber(stores.trust.keySet().serverBoxKey, opening, randomBytes);
  const { anchored } = time;
  const lastServerTimeMs = anchor?.serverTimeMs ?? 0;
  const policy = mode === "at-risk" ? stores.trust.policy(anchor?.policyVersion ?? 0) : undefined;
  const floor = policy && limitsIn(policy, currency)?.guaranteedMinor;
  const guaranteedMinor = floor === undefined ? null : min(floor, amountMinor);
  // Decided again inside the transaction: another redemption may have come between.
  const result = recordOperation<RedeemRefusal>(
    parts,
    { body, sealed, actor, time },
    () => {
      const again = decide();
      return standingRefusal(stores) ?? (again.ok ? undefined : again.refusal);
    },
    (sequence) => {
      stores.redemptions.insert({
        sequence,
        ...voucher,
        mode,
        epoch,
        actor,
        anchored,
        lastServerTimeMs,
        shift,
        authentication,
        cashFeeMinor: cashOut?.feeMinor ?? null,
      });
      request.onWritten?.(
        sequence,
        guaranteedMinor === null ? null : { amountMinor: guaranteedMinor, currency },
      );
    },
  );
  if (!result.ok) return result;
  return { ok: true, redeemed: { ...result.recorded, mode, token, anchored, cashOut, guaranteedMinor } };
}

type WholeDecision =
  | ((RedemptionDecision & { readonly ok: true }) & { readonly cashOut: CashOutTerms | null })
  | { readonly ok: false; readonly refusal: RedemptionRefusal | CashOutRefusal };

function decideAll(
  { stores }: RecordParts,
  { inCash }: Pick<RedeemRequest, "inCash">,
  facts: RedemptionFacts,
): WholeDecision {
  const decision = decideRedemptionHere(facts);
  if (!decision.ok) return decision;
  const { policy, time } = facts;
  const agent = stores.node.identity()?.certificate?.agent === true;
  const cash = { wanted: inCash === true, agent, policy, money: decision.token, atMs: time.nowMs };
  const paid = decideCashOut(cash);
  return paid.ok ? { ...decision, cashOut: paid.cashOut } : paid;
}

function factsNow(
  parts: RecordParts,
  { offline }: Pick<RedeemRequest, "offline">,
  voucher: Pick<RedemptionFacts, "serial" | "token" | "lease" | "withdrawn" | "numberFits">,
): RedemptionFacts {
  const { redemptions, node, trust, denied, leases } = parts.stores;
  const anchor = node.anchor();
  const lastServerTimeMs = anchor?.serverTimeMs;
  const currency = voucher.token?.currency ?? "";
  return {
    ...voucher,
    nodeId: parts.nodeId,
    earlier: redemptions.ofVoucher(voucher.serial),
    payingBill: parts.stores.bills.isPaying(voucher.serial),
    givenBack: isLease(voucher.lease) && leases.isGivenBack(voucher.serial, voucher.lease.epoch),
    elsewhere: leases.elsewhere(voucher.serial),
    time: timeOf(parts.stores, parts.clock),
    lastServerTimeMs,
    clockOffsetMs: anchor ? clockOffsetMs(anchor) : 0,
    policy: policyNow(parts.stores),
    usedAtRisk: redemptions.usedAtRisk(lastServerTimeMs ?? 0, currency),
    usedUnanchoredMinor: redemptions.usedUnanchored(lastServerTimeMs ?? 0, currency),
    isDenied: denied.isDenied(voucher.serial),
    deniedAsOfMs: denied.asOfMs(),
    groupAccepted: voucher.token !== undefined && trust.accepts(voucher.token.group),
    offline,
  };
}

/** The policy that the server named at the last contact. */
export function policyNow({
  node,
  trust,
}: Pick<NodeStores, "node" | "trust">): Policy | "not-fetched" | undefined {
  const version = node.anchor()?.policyVersion ?? 0;
  return version === 0 ? undefined : (trust.policy(version) ?? "not-fetched");
}

function isLease(lease: RedemptionFacts["lease"]): lease is Lease {
  return lease !== undefined && lease !== "not-valid";
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

interface OpenedToken {
  readonly token: VoucherToken;
  readonly keyId: Uint8Array;
}

async function openToken({ stores }: RecordParts, text: string): Promise<OpenedToken | string> {
  const document = textToToken(text);
  if (!document) return "malformed";
  const opened = await openTrusted(stores.trust.keySet(), "voucher-token", decodeVoucherToken, document);
  return opened.ok ? { token: opened.value, keyId: opened.keyId } : opened.refusal.code;
}

async function openLease({ stores }: RecordParts, document: Uint8Array): Promise<Lease | "not-valid"> {
  const opened = await openTrusted(stores.trust.keySet(), "lease", decodeLease, document);
  return opened.ok ? opened.value : "not-valid";
}

function nativeScrypt(password: Uint8Array, salt: Uint8Array): Uint8Array {
  const { dkLen, ...cost } = verifierCost;
  return scryptSync(password, salt, dkLen, cost);
}

/** The verifiers may differ: they depend on the key that signed. */
function sameVoucher(a: VoucherToken, b: VoucherToken): boolean {
  return a.serial === b.serial && a.amountMinor === b.amountMinor && a.currency === b.currency;
}

function refused(refusal: RedeemRefusal): { readonly ok: false; readonly refusal: RedeemRefusal } {
  return { ok: false, refusal };
}
