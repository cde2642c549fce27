/** Gathers what is known of a voucher, decides, and records: a redemption from the shop assistant's input to "accepted". */
import { scrypt } from "node:crypto";
import type { ScryptOptions } from "node:crypto";
import { promisify } from "node:util";
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
  isVoucherNumber,
  openingFor,
  sealNumber,
  sealNumberNatively,
  verifierCost,
} from "#sync/documents/voucher-number.ts";
import type { NumberOpening } from "#sync/documents/voucher-number.ts";
import { decodeVoucherToken, textToToken } from "#sync/documents/voucher-token.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { openTrusted } from "#sync/open-trusted.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { Holder } from "#sync/leases.ts";
import { limitsIn } from "#sync/limits.ts";
import { decideCashOut } from "./decide-cash-out.ts";
import type { CashOutDecision } from "./decide-cash-out.ts";
import { decideRedemptionHere } from "./decide-redemption.ts";
import type { RedemptionDecision, RedemptionFacts, RedemptionRefusal } from "./decide-redemption.ts";
import type { NodeStores } from "./open.ts";
import type { HeldLease } from "./store/leases.ts";
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

/** The same for whoever only wants to see it. */
export type CheckedRedemption =
  | Pick<Prepared & { readonly ok: true }, "ok" | "mode" | "token" | "cashOut">
  | (Prepared & { readonly ok: false });

/** `prepareRedemption` without what only a record needs: the number is not sealed. */
export async function checkRedemption(
  parts: RecordParts,
  request: Omit<RedeemRequest, "actor">,
): Promise<CheckedRedemption> {
  const judged = await judgeVoucher(parts, request);
  if (!judged.ok) return judged;
  const { mode, token, cashOut } = judged.decision;
  return { ok: true, mode, token, cashOut };
}

export async function prepareRedemption(parts: RecordParts, request: RedeemRequest): Promise<Prepared> {
  const presented = await presentVoucher(parts, request);
  if (!presented.ok) return presented;
  const { mode, token, cashOut } = presented.decision;
  return {
    ok: true,
    mode,
    token,
    cashOut,
    record: () => record(parts, request, presented),
  };
}

/** A voucher, and whether it could be taken now; `decide` decides again, by what is known then. */
type JudgedVoucher =
  | {
      readonly ok: true;
      readonly decision: WholeDecision & { readonly ok: true };
      readonly decide: () => WholeDecision;
    }
  | { readonly ok: false; readonly refusal: RedeemRefusal };

/** The same with its number as an operation holds it. */
export type PresentedVoucher =
  | ((JudgedVoucher & { readonly ok: true }) & { readonly number: HiddenNumber })
  | (JudgedVoucher & { readonly ok: false });

export async function presentVoucher(
  parts: RecordParts,
  request: Omit<RedeemRequest, "actor">,
): Promise<PresentedVoucher> {
  // The number's scrypt begins first, and takes the longest.
  const judging = judgeVoucher(parts, request);
  const [judged, number] = await Promise.all([judging, hideNumber(parts, request.number)]);
  if (!judged.ok) return judged;
  if (!number) throw new Error("a number that fits a token was not sealed");
  return { ...judged, number };
}

async function judgeVoucher(
  parts: RecordParts,
  request: Omit<RedeemRequest, "actor">,
): Promise<JudgedVoucher> {
  const standing = standingRefusal(parts.stores);
  if (standing) return refused(standing);
  const scanned =
    request.token === undefined ? undefined : await openToken(parts, textToToken(request.token));
  if (typeof scanned === "string") return refused({ code: "token-not-genuine", because: scanned });
  const serial = request.serial ?? scanned?.serial;
  if (serial === undefined) throw new Error("a redemption names a serial or a token");
  if (scanned && scanned.serial !== serial) return refused({ code: "token-of-another-voucher" });
  const held = parts.stores.leases.find(serial);
  const token = textToToken(held?.token ?? request.token ?? "");
  const judge = async () => {
    const opened = await openHeld(parts, held && { ...held, token }, scanned);
    if (!opened) return undefined;
    const decide = (numberFits: boolean) =>
      decideAll(parts, request, factsNow(parts, request, { serial, ...opened, numberFits }));
    return { decide, ifItFits: decide(true) };
  };
  // The number's scrypt takes the longest, on another thread; meanwhile all is decided as if the number fits.
  const [fits, judged] = await Promise.all([fitsToken(token, request.number), judge()]);
  if (!judged) return refused({ code: "token-of-another-voucher" });
  const decision = fits ? judged.ifItFits : judged.decide(false);
  if (!decision.ok) return decision;
  return { ok: true, decision, decide: () => judged.decide(fits) };
}

function record(
  parts: RecordParts,
  request: RedeemRequest,
  { decision, decide, number }: PresentedVoucher & { readonly ok: true },
): RedeemResult {
  const { stores, clock } = parts;
  const { mode, epoch, token, cashOut } = decision;
  const { actor, authentication = null, shift = null } = request;
  const anchor = stores.node.anchor();
  const time = timeOf(stores, clock, anchor);
  const { serial, amountMinor, currency } = token;
  const voucher = { serial, amountMinor, currency };
  const body: RedeemVoucher = {
    type: "redeem-voucher",
    ...voucher,
    mode,
    epoch,
    numberCommitment: number.commitment,
    deniedAsOfMs: decision.mode === "at-risk" ? decision.deniedAsOfMs : null,
    authentication,
    cashOut,
  };
  const sealed = sealedNow(parts, number);
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
  if (inCash !== true) return { ...decision, cashOut: null };
  const { policy, time } = facts;
  const agent = stores.node.identity()?.certificate?.agent === true;
  const paid = decideCashOut({ agent, policy, money: decision.token, atMs: time.nowMs });
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
    time: timeOf(parts.stores, parts.clock, anchor),
    lastServerTimeMs,
    clockOffsetMs: anchor ? clockOffsetMs(anchor) : 0,
    offline,
    // Read only where the decision asks for them: under a lease and an anchored clock it does not.
    get policy() {
      return policyNow(parts.stores);
    },
    get usedAtRisk() {
      return redemptions.usedAtRisk(lastServerTimeMs ?? 0, currency);
    },
    get usedUnanchoredMinor() {
      return redemptions.usedUnanchored(lastServerTimeMs ?? 0, currency);
    },
    get isDenied() {
      return denied.isDenied(voucher.serial);
    },
    get deniedAsOfMs() {
      return denied.asOfMs();
    },
    get groupAccepted() {
      return voucher.token !== undefined && trust.accepts(voucher.token.group);
    },
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

/** What the till holds for a voucher, under trusted signatures; undefined where its token is of another than the scanned one. */
async function openHeld(
  parts: RecordParts,
  held: (Pick<HeldLease, "lease" | "withdrawnMs"> & { readonly token: Uint8Array | undefined }) | undefined,
  scanned: VoucherToken | undefined,
): Promise<Pick<RedemptionFacts, "token" | "lease" | "withdrawn"> | undefined> {
  if (!held) return { token: scanned, lease: undefined, withdrawn: false };
  const [token, lease] = await Promise.all([openToken(parts, held.token), openLease(parts, held.lease)]);
  const withdrawn = held.withdrawnMs !== null;
  if (typeof token === "string") return { token: scanned, lease: "not-valid", withdrawn };
  return scanned && !sameVoucher(scanned, token) ? undefined : { token, lease, withdrawn };
}

/** A token under a trusted signature, or what is wrong with it. */
async function openToken(
  { stores }: RecordParts,
  document: Uint8Array | undefined,
): Promise<VoucherToken | string> {
  if (!document) return "malformed";
  const opened = await openTrusted(stores.trust.keySet(), "voucher-token", decodeVoucherToken, document);
  return opened.ok ? opened.value : opened.refusal.code;
}

async function openLease({ stores }: RecordParts, document: Uint8Array): Promise<Lease | "not-valid"> {
  const opened = await openTrusted(stores.trust.keySet(), "lease", decodeLease, document);
  return opened.ok ? opened.value : "not-valid";
}

/** Whether the number is the one of a token, whoever signed it: that is found out meanwhile. */
async function fitsToken(document: Uint8Array | undefined, number: string): Promise<boolean> {
  const parsed = document && parseDocument(document);
  const read = parsed?.ok ? decodeVoucherToken(parsed.payload) : undefined;
  return parsed?.ok && read?.ok
    ? checkVoucherNumber(read.value, parsed.keyId, number, deriveNatively)
    : false;
}

async function deriveNatively(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  const { dkLen, ...cost } = verifierCost;
  return scryptOffThread(password, salt, dkLen, cost);
}

const scryptOffThread = promisify<Uint8Array, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/** A voucher number in the two forms in which it leaves the till. */
export interface HiddenNumber {
  readonly commitment: Uint8Array;
  /** What the commitment opens to, and the same sealed with the server's key. */
  readonly opening: NumberOpening;
  readonly serverBoxKey: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Undefined for what is no voucher number. */
async function hideNumber(
  { stores, randomBytes }: RecordParts,
  number: string,
): Promise<HiddenNumber | undefined> {
  if (!isVoucherNumber(number)) return undefined;
  const opening = openingFor(number, randomBytes);
  const { serverBoxKey } = stores.trust.keySet();
  const sealed = await sealNumberNatively(serverBoxKey, opening, randomBytes);
  return { commitment: commitmentOf(opening), opening, serverBoxKey, sealed };
}

/** Sealed again where the server has another key since: an online redemption contacts it in between. */
export function sealedNow(
  { stores, randomBytes }: RecordParts,
  { opening, serverBoxKey, sealed }: HiddenNumber,
): Uint8Array {
  const current = stores.trust.keySet().serverBoxKey;
  return equalBytes(current, serverBoxKey) ? sealed : sealNumber(current, opening, randomBytes);
}

/** The verifiers may differ: they depend on the key that signed. */
function sameVoucher(a: VoucherToken, b: VoucherToken): boolean {
  return a.serial === b.serial && a.amountMinor === b.amountMinor && a.currency === b.currency;
}

function refused(refusal: RedeemRefusal): { readonly ok: false; readonly refusal: RedeemRefusal } {
  return { ok: false, refusal };
}
