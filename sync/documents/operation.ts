/**
 * An operation: one thing that a node did, signed by it and linked to the one before (design section 3). Secrets and
 * personal data are not in it; it holds commitments, and what they open to travels sealed beside it.
 *
 * Format 1: first one. Later, readers first: `anchored`, a redemption's `deniedAsOfMs`, `authentication` and `cashOut`, and
 * the bodies `pay-bill`, `pay-bill-with-voucher` and `refund-bill`; what agents do with payees: `look-up`,
 * `register-beneficiary`, `update-beneficiary`.
 */
import {
  decodeDocument,
  encodeDocument,
  laterField,
  mapOf,
  nullable,
  partOf,
  rowOf,
  variantsOf,
  where,
  type Decoded,
} from "./codec.ts";
import {
  amountMinor,
  amountOrNone,
  billId,
  counter,
  currency,
  durationMs,
  epoch,
  formatVersion,
  hash,
  oneOf,
  operationUuid,
  serial,
  smallCount,
  text,
  timeMs,
  uuid,
  yesOrNo,
  type Epoch,
} from "./fields.ts";

export interface Operation {
  readonly nodeId: string;
  /** UUIDv7, made and stored before anything is sent. */
  readonly operationId: string;
  /** The first is 1; no gaps, ever. */
  readonly sequence: number;
  /** Hash of the operation before this one; for the first, of the node's enrolment certificate. */
  readonly previousHash: Uint8Array;
  readonly wallTimeMs: number;
  readonly bootId: string;
  readonly sinceBootMs: number;
  /** The last server time that the node had signed word of. */
  readonly lastServerTimeMs: number;
  /** The policy that the node kept to: the one that was current at its last contact; 0 for none. */
  readonly policyVersion: number;
  /** False where the node's time rested on its wall clock: after a restart, or where its clocks disagreed. */
  readonly anchored: boolean;
  /** The cashier or agent who was signed in. */
  readonly actor: string;
  readonly body: OperationBody;
}

export type PayeeBody = LookUp | RegisterBeneficiary | UpdateBeneficiary;

export type OperationBody =
  | RedeemVoucher
  | ReleaseLease
  | PayBill
  | PayBillWithVoucher
  | RefundBill
  | PayeeBody;

export type RedemptionMode = "leased" | "at-risk" | "online";

export interface RedeemVoucher {
  readonly type: "redeem-voucher";
  readonly serial: bigint;
  readonly mode: RedemptionMode;
  /** The lease relied on: always for `leased`, never for `at-risk`. */
  readonly epoch: Epoch | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly numberCommitment: Uint8Array;
  /** As of when the node's deny list was complete: always for `at-risk`, else never. */
  readonly deniedAsOfMs: number | null;
  /** How the beneficiary was recognised: the outcome, never the data. Null where nobody was asked to. */
  readonly authentication: AuthenticationOutcome | null;
  /** An agent paid the voucher out in cash; null where goods were given. */
  readonly cashOut: CashOutTerms | null;
}

export const authenticationMethods = ["printed-data", "photo", "registry"] as const;
export const authenticationResults = ["confirmed", "not-confirmed"] as const;

export interface AuthenticationOutcome {
  /** By what is printed on the beneficiary's paper, by its photo, or by a registry that was asked. */
  readonly method: (typeof authenticationMethods)[number];
  readonly result: (typeof authenticationResults)[number];
}

export interface CashOutTerms {
  /** What the agent kept of the amount; the beneficiary got the rest. */
  readonly feeMinor: bigint;
}

export interface ReleaseLease {
  readonly type: "release-lease";
  readonly serial: bigint;
  readonly epoch: Epoch;
}

/** Cash was taken for a bill. */
export interface PayBill {
  readonly type: "pay-bill";
  readonly billId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** A voucher is to pay a bill of its value. Nothing is handed over for it, so that it is never taken at risk. */
export interface PayBillWithVoucher {
  readonly type: "pay-bill-with-voucher";
  readonly billId: string;
  readonly serial: bigint;
  readonly mode: Exclude<RedemptionMode, "at-risk">;
  /** The lease relied on: always for `leased`. */
  readonly epoch: Epoch | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly numberCommitment: Uint8Array;
}

/** Cash that was taken for a bill and paid nothing was given back to whoever had paid it. */
export interface RefundBill {
  readonly type: "refund-bill";
  /** The hash of the `pay-bill` of this node that was rejected. */
  readonly payment: Uint8Array;
  readonly billId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** One look-up of a payee on this node, for the audit trail. Whom it asked for travels sealed. */
export interface LookUp {
  readonly type: "look-up";
  readonly programme: string;
  readonly statementCommitment: Uint8Array;
  readonly outcome: LookUpOutcome;
  /** The address was shown in full, for the reason that the statement gives. */
  readonly revealed: boolean;
  /** How old the answer was: as of when the node's payees were complete; null where they never were. */
  readonly asOfMs: number | null;
}

export type LookUpOutcome = "found" | "stale" | "unknown" | "denied";

export interface RegisterBeneficiary {
  readonly type: "register-beneficiary";
  readonly programme: string;
  readonly statementCommitment: Uint8Array;
}

export interface UpdateBeneficiary {
  readonly type: "update-beneficiary";
  readonly programme: string;
  readonly statementCommitment: Uint8Array;
  /** How many entries the payee's history had as the node saw it; 0 where it did not see the payee. */
  readonly basedOn: number;
}

export function isAboutPayee(body: OperationBody): body is PayeeBody {
  return (
    body.type === "look-up" || body.type === "register-beneficiary" || body.type === "update-beneficiary"
  );
}

/** The voucher that a body is about; null where it is about none. */
export function serialOf(body: OperationBody): bigint | null {
  return "serial" in body ? body.serial : null;
}

/** The payload of an operation. Throws when a field is out of its range. */
export function encodeOperation(operation: Operation): Uint8Array {
  return encodeDocument(versioned, { version: 1, ...operation });
}

/** Reads the payload of an operation, or says what is wrong with it. */
export function decodeOperation(payload: Uint8Array): Decoded<Operation> {
  const decoded = decodeDocument(versioned, payload);
  if (!decoded.ok) return decoded;
  const { version: _, ...operation } = decoded.value;
  return { ok: true, value: operation };
}

/** Where an operation stands in its node's chain, as far as it can be told of one whose rest cannot be read. */
export type OperationEnvelope = Pick<Operation, "nodeId" | "operationId" | "sequence" | "previousHash">;

/** Reads no more than the envelope: an operation of a newer version, or a broken one, has its place all the same. */
export function decodeEnvelope(payload: Uint8Array): Decoded<OperationEnvelope> {
  return decodeDocument(envelope, payload);
}

const redeemVoucher = mapOf<RedeemVoucher>({
  type: [0, oneOf("redeem-voucher")],
  serial: [1, serial],
  mode: [2, oneOf("leased", "at-risk", "online")],
  epoch: [3, nullable(epoch)],
  amountMinor: [4, amountMinor],
  currency: [5, currency],
  numberCommitment: [6, hash],
  deniedAsOfMs: [7, laterField<number | null>(nullable(timeMs), null)],
  authentication: [
    8,
    laterField<AuthenticationOutcome | null>(
      nullable(
        rowOf<AuthenticationOutcome>({
          method: oneOf(...authenticationMethods),
          result: oneOf(...authenticationResults),
        }),
      ),
      null,
    ),
  ],
  cashOut: [
    9,
    laterField<CashOutTerms | null>(nullable(rowOf<CashOutTerms>({ feeMinor: amountOrNone })), null),
  ],
});

const releaseLease = mapOf<ReleaseLease>({
  type: [0, oneOf("release-lease")],
  serial: [1, serial],
  epoch: [2, epoch],
});

const payBill = mapOf<PayBill>({
  type: [0, oneOf("pay-bill")],
  billId: [1, billId],
  amountMinor: [2, amountMinor],
  currency: [3, currency],
});

const payBillWithVoucher = mapOf<PayBillWithVoucher>({
  type: [0, oneOf("pay-bill-with-voucher")],
  billId: [1, billId],
  serial: [2, serial],
  mode: [3, oneOf("leased", "online")],
  epoch: [4, nullable(epoch)],
  amountMinor: [5, amountMinor],
  currency: [6, currency],
  numberCommitment: [7, hash],
});

const refundBill = mapOf<RefundBill>({
  type: [0, oneOf("refund-bill")],
  payment: [1, hash],
  billId: [2, billId],
  amountMinor: [3, amountMinor],
  currency: [4, currency],
});

const programme = text(80);

const lookUp = mapOf<LookUp>({
  type: [0, oneOf("look-up")],
  programme: [1, programme],
  statementCommitment: [2, hash],
  outcome: [3, oneOf("found", "stale", "unknown", "denied")],
  revealed: [4, yesOrNo],
  asOfMs: [5, nullable(timeMs)],
});

const registerBeneficiary = mapOf<RegisterBeneficiary>({
  type: [0, oneOf("register-beneficiary")],
  programme: [1, programme],
  statementCommitment: [2, hash],
});

const updateBeneficiary = mapOf<UpdateBeneficiary>({
  type: [0, oneOf("update-beneficiary")],
  programme: [1, programme],
  statementCommitment: [2, hash],
  basedOn: [3, smallCount],
});

const envelopeFields = {
  nodeId: [2, uuid],
  operationId: [3, operationUuid],
  sequence: [4, counter],
  previousHash: [5, hash],
} as const;

const envelope = partOf<OperationEnvelope>(envelopeFields);

const versioned = mapOf<Operation & { readonly version: 1 }>({
  version: [1, formatVersion(1)],
  ...envelopeFields,
  wallTimeMs: [6, timeMs],
  bootId: [7, uuid],
  sinceBootMs: [8, durationMs],
  lastServerTimeMs: [9, timeMs],
  policyVersion: [10, smallCount],
  actor: [11, text(128)],
  body: [
    12,
    variantsOf<OperationBody>({
      "redeem-voucher": where(redeemVoucher, (body) => brokenByMode(body) ?? brokenByFee(body)),
      "release-lease": releaseLease,
      "pay-bill": payBill,
      "pay-bill-with-voucher": where(payBillWithVoucher, ({ mode, epoch: named }) =>
        (mode === "leased") === (named !== null) ? undefined : "epoch",
      ),
      "refund-bill": refundBill,
      "look-up": lookUp,
      "register-beneficiary": registerBeneficiary,
      "update-beneficiary": updateBeneficiary,
    }),
  ],
  anchored: [13, laterField(yesOrNo, true)],
});

/** A leased redemption names its lease; an at-risk group is never leased, and its redemption names the deny list. */
function brokenByMode({
  mode,
  epoch: named,
  deniedAsOfMs,
}: RedeemVoucher): "epoch" | "deniedAsOfMs" | undefined {
  if (mode === "leased" && named === null) return "epoch";
  if (mode === "at-risk" && named !== null) return "epoch";
  return (mode === "at-risk") === (deniedAsOfMs !== null) ? undefined : "deniedAsOfMs";
}

/** Whoever pays out pays out something. */
function brokenByFee({ cashOut, amountMinor: most }: RedeemVoucher): "cashOut" | undefined {
  return cashOut && cashOut.feeMinor >= most ? "cashOut" : undefined;
}
