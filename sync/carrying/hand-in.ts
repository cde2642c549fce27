/**
 * Hands another node's carried file in (design: "Carrying"): it goes up as it is, and the answer comes back as it is.
 * What is in either is for that node and the server alone.
 */
import { decodeBundle } from "../documents/bundle.ts";
import { decodeCarriedQueue } from "../documents/carried-queue.ts";
import { postAsNode } from "../node-call.ts";
import type { NodeCallParts } from "../node-call.ts";
import type { CallFailure } from "../server-call.ts";
import { parseDocument } from "../signing/cose.ts";

export type HandInResult =
  | { readonly ok: true; readonly answer: Uint8Array }
  | { readonly ok: false; readonly failure: CallFailure }
  | {
      readonly ok: false;
      readonly refusal: { readonly code: "not-a-carried-queue" | "answer-not-readable" };
    };

export async function handIn(parts: NodeCallParts, file: Uint8Array): Promise<HandInResult> {
  // Another file, taken by mistake, is nobody's business.
  if (!isCarriedQueue(file)) return { ok: false, refusal: { code: "not-a-carried-queue" } };
  const call = { path: "/v1/carried", contentType: "application/cbor", body: file };
  const answer = await postAsNode(parts, call);
  if (!answer.ok) return answer;
  const bundle = decodeBundle(answer.body);
  const isAnswer = bundle.ok && bundle.value.type === "answer";
  return isAnswer
    ? { ok: true, answer: answer.body }
    : { ok: false, refusal: { code: "answer-not-readable" } };
}

function isCarriedQueue(file: Uint8Array): boolean {
  const parsed = parseDocument(file);
  return parsed.ok && decodeCarriedQueue(parsed.payload).ok;
}
