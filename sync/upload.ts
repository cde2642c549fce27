/**
 * Sends the queue to the server and writes down its verdicts (design: "Writing: signed operations").
 *
 * U1  Nothing is dropped because of an error, whatever its class: an operation leaves the queue by a signed verdict.
 * U2  What the server answers counts only under a trusted signature, for this node and for our own hashes.
 * U3  A node that finds itself behind the server, or on another branch, signs nothing more.
 * U4  Whatever the server holds already, each operation is sent until its verdict is here.
 */
import type { Patience } from "./back-off.ts";
import { nextAnchor } from "./clock.ts";
import type { ClockAnchor } from "./clock.ts";
import { encodeUpload } from "./documents/upload.ts";
import { decodeVerdictList } from "./documents/verdict-list.ts";
import { postAsNode } from "./node-call.ts";
import { openTrusted } from "./open-trusted.ts";
import type { MachineClock } from "./ports/clock.ts";
import type { ContactStorage, NodeStatus } from "./ports/contact-storage.ts";
import type { QueueStorage, StoredOperation } from "./ports/queue-storage.ts";
import type { ServerLink } from "./ports/transport.ts";
import type { TrustStorage } from "./ports/trust-storage.ts";
import { mostOperations, nextBatch } from "./queue/batch.ts";
import { followServer } from "./queue/follow-server.ts";
import type { ServerProblem } from "./queue/follow-server.ts";
import { readServerHead } from "./queue/server-head.ts";
import { listProblem, takeVerdicts } from "./queue/take-verdicts.ts";
import type { ListProblem, OpenedVerdictList, TakenVerdicts } from "./queue/take-verdicts.ts";
import type { CallFailure } from "./server-call.ts";
import type { Sessions } from "./session.ts";

export interface UploadParts {
  readonly nodeId: string;
  readonly link: ServerLink;
  readonly sessions: Sessions;
  readonly queue: QueueStorage;
  readonly contact: ContactStorage;
  readonly trust: TrustStorage;
  readonly clock: MachineClock;
  readonly patience: Patience;
  /** The signed lease that the operation relies on, where it is of an earlier generation than the given one. */
  readonly leaseDocument: (sequence: number, generation: number) => Uint8Array | undefined;
}

export type UploadProblem =
  | CallFailure
  /** The answer is not a list signed by a trusted key, or not an answer to what was sent. */
  | { readonly code: "answer-not-trusted"; readonly because: string }
  | ServerProblem
  | { readonly code: "heads-never-match" }
  /** The node's own storage failed. What was stored before stays; what was not will be asked for again. */
  | { readonly code: "not-stored"; readonly error: unknown };

export interface UploadReport extends TakenVerdicts {
  /** Operations that the server answered for. */
  readonly sent: number;
  readonly status: NodeStatus;
  /** Undefined when everything in the queue was sent. */
  readonly problem: UploadProblem | undefined;
}

const mostHeadMismatches = 3;

/** Sends what the server has not confirmed, or an empty list, which asks for its time and the end of its chain. */
export async function upload(parts: UploadParts): Promise<UploadReport> {
  const total = { sent: 0, applied: 0, rejected: 0, held: 0, contradictions: [] as number[] };
  const problem = await uploadAll(parts, total).catch((error: unknown): UploadProblem => {
    if (!parts.queue.isStorageFailure(error)) throw error;
    return { code: "not-stored", error };
  });
  return { ...total, status: parts.contact.status(), problem };
}

interface Totals {
  sent: number;
  applied: number;
  rejected: number;
  held: number;
  readonly contradictions: number[];
}

async function uploadAll(parts: UploadParts, total: Totals): Promise<UploadProblem | undefined> {
  const { queue } = parts;
  let after = queue.serverSequence();
  let mismatches = 0;
  let limit = mostOperations;
  for (;;) {
    const batch = nextBatch(queue, after, limit);
    const step = await uploadBatch(parts, after, batch);
    if (step.kind === "taken") {
      total.sent += batch.length;
      for (const name of ["applied", "rejected", "held"] as const) total[name] += step.taken[name];
      total.contradictions.push(...step.taken.contradictions);
      after += batch.length;
      if (after >= queue.head().sequence) return undefined;
    } else if (step.kind === "too-large" && limit > 1) {
      limit = Math.ceil(limit / 2);
    } else if (step.kind === "resend" && ++mismatches <= mostHeadMismatches) {
      after = step.after;
    } else {
      return step.kind === "failed" ? step.problem : { code: "heads-never-match" };
    }
  }
}

type BatchStep =
  | { readonly kind: "taken"; readonly taken: TakenVerdicts }
  | { readonly kind: "resend"; readonly after: number }
  | { readonly kind: "too-large" }
  | { readonly kind: "failed"; readonly problem: UploadProblem };

async function uploadBatch(
  parts: UploadParts,
  after: number,
  batch: readonly StoredOperation[],
): Promise<BatchStep> {
  const { clock } = parts;
  const afterHash = parts.queue.hashAt(after);
  if (!afterHash) throw new Error(`the queue has no operation ${after} to continue from`);
  const asked = { wallMs: clock.wallMs(), bootId: clock.bootId, sinceBootMs: clock.sinceBootMs() };
  const body = encodeUpload({
    generation: parts.contact.generation(),
    afterSequence: after,
    afterHash,
    operations: batch,
    wallMs: asked.wallMs,
    lastSequence: parts.queue.head().sequence,
    evidence: evidenceFor(parts, batch),
  });
  const call = { path: "/v1/operations", contentType: "application/cbor", body };
  const answer = await postAsNode(parts, call);
  if (!answer.ok) return stepAfter(parts, after, answer.failure);
  const opened = await openList(parts, answer.body, batch);
  if (!opened.ok) return failed({ code: "answer-not-trusted", because: opened.because });
  return take(parts, opened.list, asked);
}

const mostEvidenceBytes = 400_000;

/**
 * Operations that have their verdict are sent only to a server that has lost them: it gets its own word back. So it does
 * with leases of an earlier generation than its own, which it may have granted after its backup.
 */
function evidenceFor(
  { queue, contact, leaseDocument }: UploadParts,
  batch: readonly StoredOperation[],
): Uint8Array[] | null {
  const found = new Map<string, Uint8Array>();
  let bytes = 0;
  const add = (document: Uint8Array | undefined) => {
    if (!document || bytes + document.length > mostEvidenceBytes) return;
    const key = document.join();
    if (found.has(key)) return;
    found.set(key, document);
    bytes += document.length;
  };
  for (const { sequence, state } of batch) {
    if (state === "applied" || state === "rejected") add(queue.verdictListOf(sequence));
    add(leaseDocument(sequence, contact.generation()));
  }
  return found.size === 0 ? null : [...found.values()];
}

function stepAfter(parts: UploadParts, after: number, failure: CallFailure): BatchStep {
  if (failure.code !== "refused") return failed(failure);
  if (failure.status === 413) return { kind: "too-large" };
  const head = failure.status === 409 ? readServerHead(failure.body) : undefined;
  if (!head) return failed(failure);
  const problem = followServer(parts, head);
  return problem ? failed(problem) : { kind: "resend", after: Math.min(after, head.lastSequence) };
}

type OpenedList =
  | { readonly ok: true; readonly list: OpenedVerdictList }
  | { readonly ok: false; readonly because: ListProblem | "bad-signature" };

async function openList(
  { trust, queue, nodeId }: UploadParts,
  document: Uint8Array,
  batch: readonly StoredOperation[],
): Promise<OpenedList> {
  const opened = await openTrusted(trust.keySet(), "verdict-list", decodeVerdictList, document);
  if (!opened.ok) return { ok: false, because: "bad-signature" };
  const asked = batch.map(({ sequence }) => sequence);
  const problem = listProblem(queue, nodeId, opened.value, asked);
  if (problem) return { ok: false, because: problem };
  return { ok: true, list: { document, hash: opened.hash, list: opened.value } };
}

function take(
  parts: UploadParts,
  opened: OpenedVerdictList,
  asked: Omit<ClockAnchor, "serverTimeMs" | "policyVersion">,
): BatchStep {
  const { queue, contact } = parts;
  const { list } = opened;
  return queue.transaction((): BatchStep => {
    const problem = followServer(parts, list);
    // Verdicts count even where the chains have parted; an older server's do not.
    if (problem?.code === "older-server") return failed(problem);
    const taken = takeVerdicts(queue, opened);
    if (problem) return failed(problem);
    queue.setServerSequence(list.lastSequence);
    const { serverTimeMs, policyVersion } = list;
    contact.setAnchor(nextAnchor(contact.anchor(), { ...asked, serverTimeMs, policyVersion }));
    return { kind: "taken", taken };
  });
}

function failed(problem: UploadProblem): BatchStep {
  return { kind: "failed", problem };
}
