/** Gathers what is known of a voucher, decides, and records: a redemption from the shop assistant's input to "accepted". */
import { clockOffsetMs, trustedTime } from "#sync/clock.ts";
import type { TrustedTime } from "#sync/clock.ts";
import { decodeLease } from "#sync/documents/lease.ts";
import type { Lease } from "#sync/documents/lease.ts";
import type { RedemptionMode } from "#sync/documents/operation.ts";
import type { Policy } from "#sync/documents/policy.ts";
import { checkVoucherNumber } from "#sync/documents/voucher-number.ts";
import { decodeVoucherToken, textToToken } from "#sync/documents/voucher-token.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { openTrusted } from "#sync/open-trusted.ts";
import { limitsIn } from "#sync/limits.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";
import { decideRedemptionHere } from "./decide-redemption.ts";
import type { RedemptionDecision, RedemptionFacts, RedemptionRefusal } from "./decide-redemption.ts";
import type { NodeStores } from "./open.ts";
import { recordRedemption } from "./record.ts";
import type { RecordedRedemption, RecordStep } from "./record.ts";

export interface RedeemParts {
  readonly stores: NodeStores;
  readonly nodeId: string;
  readonly signer: SyncSigner;
  readonly clock: MachineClock;
  readonly randomBytes: RandomBytes;
  readonly onStep?: (step: RecordStep) => void;
}

export interface RedeemRequest {
  /** One of the two at least; where both are given they must name the same voucher. */
  readonly serial?: bigint;
  readonly token?: string;
  /** 16 digits. */
  readonly number: string;
  readonly actor: string;
  readonly offline: boolean;
}

export type RedeemRefusal =
  | RedemptionRefusal
  | { readonly code: "node-stopped"; readonly because: string }
  | { readonly code: "node-frozen" | "node-revoked" }
  | { readonly code: "token-not-genuine"; readonly because: string }
  | { readonly code: "token-of-another-voucher" };

export interface Redeemed extends RecordedRedemption {
  readonly mode: RedemptionMode;
  readonly token: VoucherToken;
  readonly anchored: boolean;
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
      /** Whether its group may be taken at risk where the server cannot be asked. */
      readonly atRisk: boolean;
      record(): RedeemResult;
    }
  | { readonly ok: false; readonly refusal: RedeemRefusal };

export async function prepareRedemption(parts: RedeemParts, request: RedeemRequest): Promise<Prepared> {
  const standing = nodeRefusal(parts);
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
  const numberFits = opened !== undefined && checkVoucherNumber(opened.token, opened.keyId, request.number);
  const voucher = {
    serial,
    token: opened?.token,
    lease,
    withdrawn: held !== undefined && held.withdrawnMs !== null,
    numberFits,
  };
  const decide = () => decideRedemptionHere(factsNow(parts, request, voucher));
  const decision = decide();
  if (!decision.ok) return decision;
  const { mode, token } = decision;
  return { ok: true, mode, atRisk: token.atRisk, record: () => record(parts, request, decision, decide) };
}

function record(
  parts: RedeemParts,
  request: RedeemRequest,
  decision: RedemptionDecision & { readonly ok: true },
  decide: () => RedemptionDecision,
): RedeemResult {
  const { stores } = parts;
  const { mode, epoch, token } = decision;
  const time = timeNow(parts);
  const anchor = stores.node.anchor();
  const order = {
    mode,
    epoch,
    token,
    time,
    number: request.number,
    actor: request.actor,
    lastServerTimeMs: anchor?.serverTimeMs ?? 0,
    policyVersion: anchor?.policyVersion ?? 0,
    deniedAsOfMs: decision.mode === "at-risk" ? decision.deniedAsOfMs : null,
  };
  const recorders = {
    ...parts,
    queue: stores.queue,
    redemptions: stores.redemptions,
    serverBoxKey: stores.trust.keySet().serverBoxKey,
    writeHead: (
      head: Parameters<NodeStores["writeHead"]>[1],
      onStep: Parameters<NodeStores["writeHead"]>[2],
    ) => stores.writeHead(parts.nodeId, head, onStep),
  };
  // Decided again inside the transaction: another redemption may have come between.
  const result = recordRedemption<RedeemRefusal>(recorders, order, () => {
    const again = decide();
    return nodeRefusal(parts) ?? (again.ok ? undefined : again.refusal);
  });
  if (!result.ok) return result;
  const policy = mode === "at-risk" ? stores.trust.policy(order.policyVersion) : undefined;
  const floor = policy && limitsIn(policy, token.currency)?.guaranteedMinor;
  const guaranteedMinor = floor === undefined ? null : min(floor, token.amountMinor);
  return {
    ok: true,
    redeemed: { ...result.recorded, mode, token, anchored: time.anchored, guaranteedMinor },
  };
}

function nodeRefusal({ stores }: RedeemParts): RedeemRefusal | undefined {
  const because = stores.stopped();
  if (because !== undefined) return { code: "node-stopped", because };
  const status = stores.node.status();
  return status === "active" ? undefined : { code: `node-${status}` };
}

function factsNow(
  parts: RedeemParts,
  { offline }: RedeemRequest,
  voucher: Pick<RedemptionFacts, "serial" | "token" | "lease" | "withdrawn" | "numberFits">,
): RedemptionFacts {
  const { redemptions, node, trust, denied } = parts.stores;
  const anchor = node.anchor();
  const lastServerTimeMs = anchor?.serverTimeMs;
  const currency = voucher.token?.currency ?? "";
  return {
    ...voucher,
    nodeId: parts.nodeId,
    earlier: redemptions.ofVoucher(voucher.serial),
    time: timeNow(parts),
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

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function timeNow({ stores, clock }: RedeemParts): TrustedTime {
  return trustedTime(stores.node.anchor(), clock, stores.redemptions.latestMs());
}

interface OpenedToken {
  readonly token: VoucherToken;
  readonly keyId: Uint8Array;
}

async function openToken({ stores }: RedeemParts, text: string): Promise<OpenedToken | string> {
  const document = textToToken(text);
  if (!document) return "malformed";
  const opened = await openTrusted(stores.trust.keySet(), "voucher-token", decodeVoucherToken, document);
  return opened.ok ? { token: opened.value, keyId: opened.keyId } : opened.refusal.code;
}

async function openLease({ stores }: RedeemParts, document: Uint8Array): Promise<Lease | "not-valid"> {
  const opened = await openTrusted(stores.trust.keySet(), "lease", decodeLease, document);
  return opened.ok ? opened.value : "not-valid";
}

/** The verifiers may differ: they depend on the key that signed. */
function sameVoucher(a: VoucherToken, b: VoucherToken): boolean {
  return a.serial === b.serial && a.amountMinor === b.amountMinor && a.currency === b.currency;
}

function refused(refusal: RedeemRefusal): { readonly ok: false; readonly refusal: RedeemRefusal } {
  return { ok: false, refusal };
}
