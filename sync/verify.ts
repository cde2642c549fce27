/**
 * Checks a file on its own, with no server and no node (design: "Carrying", and the merchant's proof of a verdict): whose
 * signatures are in it, what they say, and whether they fit one another.
 *
 * V1  A file brings its own key set. That proves that nothing in the file was changed, not that the server made it: only
 *     keys that the reader has from the server itself prove that.
 * V2  Nothing of a file is told that was not checked.
 */
import { decodeAcknowledgement } from "./documents/acknowledgement.ts";
import type { Acknowledgement } from "./documents/acknowledgement.ts";
import { decodeBundle } from "./documents/bundle.ts";
import type { AnswerBundle, EvidenceBundle, ReceiptBundle, SignedByNode } from "./documents/bundle.ts";
import { decodeCarriedQueue } from "./documents/carried-queue.ts";
import type { CarriedQueue } from "./documents/carried-queue.ts";
import { decodeEnrolmentCertificate } from "./documents/enrolment-certificate.ts";
import type { EnrolmentCertificate } from "./documents/enrolment-certificate.ts";
import { openSelfSignedKeySet } from "./documents/key-set.ts";
import type { KeySet } from "./documents/key-set.ts";
import { openAs } from "./documents/open.ts";
import type { Opened } from "./documents/open.ts";
import { decodeOperation, serialOf } from "./documents/operation.ts";
import type { Operation } from "./documents/operation.ts";
import { decodeVerdictList } from "./documents/verdict-list.ts";
import type { AuditHead, Verdict, VerdictList } from "./documents/verdict-list.ts";
import { openTrusted } from "./open-trusted.ts";
import { equalBytes } from "./signing/bytes.ts";
import { keyIdOf, parseDocument } from "./signing/cose.ts";

export interface CheckedOperation {
  readonly certificate: EnrolmentCertificate;
  readonly operation: Operation;
  readonly operationHash: Uint8Array;
}

export interface CheckedReceipt extends CheckedOperation {
  readonly verdict: Verdict;
  /** How far the server's audit trail had come when the verdict was told. */
  readonly auditHead: AuditHead | null;
}

export type Checked =
  | (CheckedReceipt & { readonly kind: "receipt" })
  /** The verdict on the one that lost names the winner; null where no node signed for it. */
  | (CheckedReceipt & { readonly kind: "evidence"; readonly winner: CheckedOperation | null })
  | { readonly kind: "answer"; readonly acknowledgement: Acknowledgement; readonly list: VerdictList }
  | { readonly kind: "verdict-list"; readonly list: VerdictList }
  | {
      readonly kind: "carried-queue";
      readonly certificate: EnrolmentCertificate;
      readonly carried: CarriedQueue;
    };

export type Verification =
  | {
      readonly ok: true;
      readonly checked: Checked;
      /** The keys that it was checked with. */
      readonly keySet: KeySet;
      /** Whether these are the reader's own; false where they are those that the file brought along (V1). */
      readonly keysGiven: boolean;
    }
  | { readonly ok: false; readonly problem: VerificationProblem };

export type FilePart = "file" | "key-set" | "certificate" | "operation" | "verdict-list" | "acknowledgement";

export interface VerificationProblem {
  /** The part of the file that fails. */
  readonly part: FilePart;
  readonly code:
    | "not-a-paypost-file"
    /** Changed on its way, or signed by a key that is not in the key set. */
    | "not-genuine"
    /** Genuine, and of another node or operation than the rest. */
    | "does-not-fit"
    /** A bare list brings no keys: they have to be given. */
    | "keys-needed";
  /** The refusal in detail, for whoever looks into it. */
  readonly because: string;
}

export async function verifyFile(file: Uint8Array, given?: KeySet): Promise<Verification> {
  try {
    return await verifyAs(file, given);
  } catch (error) {
    if (error instanceof Failed) return { ok: false, problem: error.problem };
    throw error;
  }
}

async function verifyAs(file: Uint8Array, given: KeySet | undefined): Promise<Verification> {
  const bundle = decodeBundle(file);
  if (bundle.ok) {
    const keySet = given ?? (await ownKeys(bundle.value.keySet));
    const { value } = bundle;
    const checked = await checkBundle(value, keySet);
    return { ok: true, checked, keySet, keysGiven: given !== undefined };
  }
  const parsed = parseDocument(file);
  if (!parsed.ok) return fail("file", "not-a-paypost-file", parsed.refusal.code);
  const carried = decodeCarriedQueue(parsed.payload);
  if (carried.ok) {
    const keySet = given ?? (await ownKeys(carried.value.keySet));
    const certificate = await openCertificate(carried.value.certificate, keySet);
    await open(
      "file",
      openAs("carried-queue", decodeCarriedQueue, file, keyOf(certificate, "carried-queue")),
    );
    const checked = { kind: "carried-queue", certificate, carried: carried.value } as const;
    return { ok: true, checked, keySet, keysGiven: given !== undefined };
  }
  if (!decodeVerdictList(parsed.payload).ok) return fail("file", "not-a-paypost-file", "unknown-kind");
  if (!given) return fail("file", "keys-needed", "verdict-list");
  const list = await openList(file, given);
  return { ok: true, checked: { kind: "verdict-list", list }, keySet: given, keysGiven: true };
}

async function checkBundle(
  bundle: AnswerBundle | ReceiptBundle | EvidenceBundle,
  keySet: KeySet,
): Promise<Checked> {
  switch (bundle.type) {
    case "answer":
      return checkAnswer(bundle, keySet);
    case "receipt":
      return { kind: "receipt", ...(await checkReceipt(bundle, keySet)) };
    case "evidence":
      return checkEvidence(bundle, keySet);
  }
}

/** Both on one voucher, and the loser's signed rejection holds the winner's operation hash (design section 4.5). */
async function checkEvidence(bundle: EvidenceBundle, keySet: KeySet): Promise<Checked> {
  const loser = await checkReceipt(bundle, keySet);
  const winner = bundle.winner && (await checkOperation(bundle.winner, keySet));
  const named = loser.verdict.evidence;
  const isNamed = winner ? named !== null && equalBytes(named, winner.operationHash) : named === null;
  const isSameVoucher = !winner || serialOf(winner.operation.body) === serialOf(loser.operation.body);
  if (!isNamed || !isSameVoucher) fail("operation", "does-not-fit", "another-winner");
  return { kind: "evidence", ...loser, winner };
}

async function checkOperation(signed: SignedByNode, keySet: KeySet): Promise<CheckedOperation> {
  const certificate = await openCertificate(signed.certificate, keySet);
  const operation = await open(
    "operation",
    openAs("operation", decodeOperation, signed.operation, keyOf(certificate, "operation")),
  );
  if (operation.value.nodeId !== certificate.nodeId) fail("operation", "does-not-fit", "another-node");
  return { certificate, operation: operation.value, operationHash: operation.hash };
}

async function checkReceipt(
  bundle: Omit<ReceiptBundle, "type" | "keySet">,
  keySet: KeySet,
): Promise<CheckedReceipt> {
  const checked = await checkOperation(bundle, keySet);
  const { nodeId, sequence } = checked.operation;
  const list = await openList(bundle.verdictList, keySet);
  if (list.nodeId !== nodeId) fail("verdict-list", "does-not-fit", "another-node");
  const verdict = list.verdicts.find((one) => one.sequence === sequence);
  if (!verdict || !equalBytes(verdict.operationHash, checked.operationHash)) {
    return fail("verdict-list", "does-not-fit", "another-operation");
  }
  return { ...checked, verdict, auditHead: list.auditHead };
}

async function checkAnswer(bundle: AnswerBundle, keySet: KeySet): Promise<Checked> {
  const acknowledgement = await open(
    "acknowledgement",
    openTrusted(keySet, "acknowledgement", decodeAcknowledgement, bundle.acknowledgement),
  );
  const list = await openList(bundle.verdictList, keySet);
  if (list.nodeId !== acknowledgement.value.nodeId) fail("verdict-list", "does-not-fit", "another-node");
  return { kind: "answer", acknowledgement: acknowledgement.value, list };
}

async function ownKeys(document: Uint8Array): Promise<KeySet> {
  return (await open("key-set", openSelfSignedKeySet(document))).value;
}

async function openCertificate(document: Uint8Array, keySet: KeySet): Promise<EnrolmentCertificate> {
  const opened = openTrusted(keySet, "enrolment-certificate", decodeEnrolmentCertificate, document);
  return (await open("certificate", opened)).value;
}

async function openList(document: Uint8Array, keySet: KeySet): Promise<VerdictList> {
  return (await open("verdict-list", openTrusted(keySet, "verdict-list", decodeVerdictList, document))).value;
}

function keyOf({ nodePublicKey }: EnrolmentCertificate, kind: "operation" | "carried-queue") {
  return (keyId: Uint8Array) => (equalBytes(keyIdOf(kind, nodePublicKey), keyId) ? nodePublicKey : undefined);
}

async function open<T>(
  part: FilePart,
  opening: Promise<Opened<T>>,
): Promise<Opened<T> & { readonly ok: true }> {
  const opened = await opening;
  return opened.ok ? opened : fail(part, "not-genuine", opened.refusal.code);
}

/** Ends the check; caught by `verifyFile`. */
class Failed extends Error {
  readonly problem: VerificationProblem;
  constructor(problem: VerificationProblem) {
    super(problem.code);
    this.problem = problem;
  }
}

function fail(part: FilePart, code: VerificationProblem["code"], because: string): never {
  throw new Failed({ part, code, because });
}
