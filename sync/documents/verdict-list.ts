/**
 * A verdict list: the server's signed answer to a batch of operations, with the state of the node's chain as the
 * server has stored it (design section 3).
 *
 * Later fields, readers first: `policyVersion`, `auditHead`, and a verdict's `evidence` and `guaranteedMinor`.
 */
import {
  decodeDocument,
  encodeDocument,
  laterField,
  listOf,
  mapOf,
  nullable,
  rowOf,
  where,
  type Decoded,
} from "./codec.ts";
import {
  amountMinor,
  counter,
  hash,
  integer,
  oneOf,
  smallCount,
  text,
  timeMs,
  uuid,
  yesOrNo,
} from "./fields.ts";

export type VerdictStatus = "applied" | "rejected" | "held";

export interface Verdict {
  readonly sequence: number;
  readonly operationHash: Uint8Array;
  readonly status: VerdictStatus;
  /** A code such as `lease-closed` or `quarantined`; always there for `rejected` and `held`. */
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly decidedAtMs: number;
  /** True when this is the first verdict, told again. */
  readonly duplicate: boolean;
  /** The hash of the operation that won the voucher which this one lost. */
  readonly evidence: Uint8Array | null;
  /** What the programme guarantees the merchant of that loss; null where nothing is lost, or nothing guaranteed. */
  readonly guaranteedMinor: bigint | null;
}

/** How far the server's audit trail had come: whoever keeps it can tell later whether the trail was rewritten. */
export interface AuditHead {
  readonly position: number;
  readonly hash: Uint8Array;
}

export interface VerdictList {
  readonly nodeId: string;
  readonly generation: number;
  readonly serverTimeMs: number;
  /** The last sequence number that the server has stored of this node; 0 when there is none. */
  readonly lastSequence: number;
  /** The hash of that operation; of the enrolment certificate when there is none. */
  readonly lastHash: Uint8Array;
  /** The policy current at this contact, by which the node's operations up to the next one are judged; 0 for none. */
  readonly policyVersion: number;
  /** Null before the trail has its first entry. */
  readonly auditHead: AuditHead | null;
  readonly verdicts: readonly Verdict[];
}

/** Bounds a batch: a node sends no more operations at a time than can be answered in one list. */
export const mostVerdicts = 1000;

/** The payload of a verdict list. Throws when a field is out of its range. */
export function encodeVerdictList(list: VerdictList): Uint8Array {
  return encodeDocument(codec, list);
}

/** Reads the payload of a verdict list, or says what is wrong with it. */
export function decodeVerdictList(payload: Uint8Array): Decoded<VerdictList> {
  return decodeDocument(codec, payload);
}

const verdict = rowOf<Verdict>({
  sequence: counter,
  operationHash: hash,
  status: oneOf("applied", "rejected", "held"),
  reason: nullable(text(128)),
  transactionId: nullable(text(128)),
  decidedAtMs: timeMs,
  duplicate: yesOrNo,
  evidence: laterField<Uint8Array | null>(nullable(hash), null),
  guaranteedMinor: laterField<bigint | null>(nullable(amountMinor), null),
});

const auditHead = rowOf<AuditHead>({ position: counter, hash });

const sequenceOrNone = integer(0, Number.MAX_SAFE_INTEGER);

const codec = mapOf<VerdictList>({
  nodeId: [1, uuid],
  generation: [2, smallCount],
  serverTimeMs: [3, timeMs],
  lastSequence: [4, sequenceOrNone],
  lastHash: [5, hash],
  verdicts: [6, listOf(where(verdict, unexplained), mostVerdicts)],
  policyVersion: [7, laterField(smallCount, 0)],
  auditHead: [8, laterField<AuditHead | null>(nullable(auditHead), null)],
});

function unexplained({ status, reason }: Verdict): "reason" | undefined {
  return status !== "applied" && reason === null ? "reason" : undefined;
}
