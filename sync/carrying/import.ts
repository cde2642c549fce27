/**
 * Takes in verdicts that were carried back by hand (design: "Carrying"): an answer to an exported file, or a bare verdict
 * list. It may be older than what a direct sync has brought meanwhile, and may come any number of times.
 *
 * I1  Verdicts count only under a trusted signature, for this node and its own operations; each is final once.
 * I2  What an older list says of the server's chain lowers nothing: nothing is forgotten that was known to be stored.
 * I3  A file says nothing of the time: the clock's anchor stays.
 */
import { decodeAcknowledgement } from "../documents/acknowledgement.ts";
import type { Acknowledgement } from "../documents/acknowledgement.ts";
import { decodeBundle } from "../documents/bundle.ts";
import { acceptKeySet } from "../documents/key-set.ts";
import { decodeVerdictList } from "../documents/verdict-list.ts";
import { openTrusted } from "../open-trusted.ts";
import type { ContactStorage } from "../ports/contact-storage.ts";
import type { QueueStorage } from "../ports/queue-storage.ts";
import type { TrustStorage } from "../ports/trust-storage.ts";
import { followServer } from "../queue/follow-server.ts";
import type { ServerProblem } from "../queue/follow-server.ts";
import { listProblem, takeVerdicts } from "../queue/take-verdicts.ts";
import type { ListProblem, OpenedVerdictList, TakenVerdicts } from "../queue/take-verdicts.ts";
import { equalBytes } from "../signing/bytes.ts";

export interface ImportParts {
  readonly nodeId: string;
  readonly queue: QueueStorage;
  readonly contact: ContactStorage;
  readonly trust: TrustStorage;
  /** Keeps the server's word that a file of this node is stored; one that is kept already stays. */
  keepAcknowledgement(acknowledgement: Acknowledgement, document: Uint8Array): void;
}

export type ImportRefusal =
  | { readonly code: "not-an-answer" }
  | { readonly code: "not-trusted"; readonly because: string }
  | { readonly code: ListProblem }
  | ServerProblem;

export type ImportResult =
  | {
      readonly ok: true;
      readonly taken: TakenVerdicts;
      readonly verdicts: number;
      readonly acknowledgement: Acknowledgement | undefined;
    }
  | { readonly ok: false; readonly refusal: ImportRefusal };

export async function importAnswer(parts: ImportParts, file: Uint8Array): Promise<ImportResult> {
  const bundle = decodeBundle(file);
  if (bundle.ok && bundle.value.type !== "answer") return refused({ code: "not-an-answer" });
  const answer = bundle.ok && bundle.value.type === "answer" ? bundle.value : undefined;
  if (answer) await learnKeys(parts, answer.keySet);
  const keySet = parts.trust.keySet();
  const document = answer?.verdictList ?? file;
  const list = await openTrusted(keySet, "verdict-list", decodeVerdictList, document);
  if (!list.ok && !answer && list.refusal.code === "malformed") return refused({ code: "not-an-answer" });
  if (!list.ok) return refused({ code: "not-trusted", because: list.refusal.code });
  const opened = { document, hash: list.hash, list: list.value };
  if (!answer) return take(parts, opened, undefined);
  const { acknowledgement: bytes } = answer;
  const acknowledged = await openTrusted(keySet, "acknowledgement", decodeAcknowledgement, bytes);
  if (!acknowledged.ok) return refused({ code: "not-trusted", because: acknowledged.refusal.code });
  return take(parts, opened, { value: acknowledged.value, document: bytes });
}

/** A node that was away for long hears of newer keys by the same way; one that it trusts has signed them. */
async function learnKeys({ trust, queue }: ImportParts, document: Uint8Array): Promise<void> {
  const accepted = await acceptKeySet(trust.keySet(), document);
  if (accepted.ok) queue.transaction(() => trust.keepKeySet(accepted.value, document));
}

interface OpenedAcknowledgement {
  readonly value: Acknowledgement;
  readonly document: Uint8Array;
}

function take(
  parts: ImportParts,
  opened: OpenedVerdictList,
  acknowledged: OpenedAcknowledgement | undefined,
): ImportResult {
  const { queue, nodeId } = parts;
  return queue.transaction((): ImportResult => {
    const problem = listProblem(queue, nodeId, opened.list, []);
    if (problem) return refused({ code: problem });
    if (acknowledged && !isOurs(parts, acknowledged.value)) return refused({ code: "another-operation" });
    const server = followServer(parts, opened.list);
    // As in an upload: verdicts count even where the chains have parted; an older server's do not.
    if (server?.code === "older-server") return refused(server);
    const taken = takeVerdicts(queue, opened);
    if (server) return refused(server);
    queue.setServerSequence(Math.max(queue.serverSequence(), opened.list.lastSequence));
    if (acknowledged) parts.keepAcknowledgement(acknowledged.value, acknowledged.document);
    const verdicts = opened.list.verdicts.length;
    return { ok: true, taken, verdicts, acknowledgement: acknowledged?.value };
  });
}

function isOurs(
  { nodeId, queue }: ImportParts,
  { lastSequence, lastHash, ...rest }: Acknowledgement,
): boolean {
  const hash = queue.hashAt(lastSequence);
  return rest.nodeId === nodeId && hash !== undefined && equalBytes(hash, lastHash);
}

function refused(refusal: ImportRefusal): ImportResult {
  return { ok: false, refusal };
}
