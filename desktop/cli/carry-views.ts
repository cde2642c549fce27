/** What is said of a file that was written, handed in or taken in, and what to do with it. */
import { formatMajor } from "#core/money.ts";
import type { ExportResult } from "#sync/carrying/export.ts";
import type { HandInResult } from "#sync/carrying/hand-in.ts";
import type { ImportRefusal, ImportResult } from "#sync/carrying/import.ts";
import type { NodeStores } from "../worker/open.ts";
import { moneyText, stoppedMessage, uploadProblemMessage } from "./messages.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

type Exported = Extract<ExportResult, { readonly ok: true }>;
type Sums = ReadonlyMap<string, { readonly count: number; readonly amountMinor: bigint }>;

export function exportView(file: string, { operations, left }: Exported, sums: Sums): CommandResult {
  const [first, last] = [operations.at(0)?.sequence ?? 0, operations.at(-1)?.sequence ?? 0];
  const values = [...sums].map(([currency, sum]) => ({ currency, ...sum }));
  const worth = values.map((sum) => `${sum.count} redemptions worth ${moneyText(sum)}`);
  const text = [
    `Wrote ${file}: operations ${first} to ${last} of this till${worth.length > 0 ? `, with ${worth.join(" and ")}` : ""}. ` +
      "It is sealed: only the server can read it.",
    ...(left > 0
      ? [`${left} more did not fit. Write them into another file: export ANOTHER-FILE --after ${last}`]
      : []),
    `Carry it to any till that has a connection (there: hand-in ${file}), or to the operator (paypost hand-in ${file}).`,
    `Bring the answer back and run here: import ${file}.answer`,
    "Until then everything stays in this till's queue, and to sync it directly does no harm.",
  ].join("\n");
  const value = values.map((sum) => ({
    currency: sum.currency,
    redemptions: sum.count,
    amount: formatMajor(sum),
  }));
  const count = operations.length;
  const json = {
    ok: true,
    outcome: "exported",
    file,
    count,
    firstSequence: first,
    lastSequence: last,
    value,
    left,
  };
  return { exitCode: exitCodes.done, text, json };
}

export function exportMessages(code: "nothing-to-export" | "no-such-operation"): CommandResult {
  if (code === "no-such-operation")
    return failure(exitCodes.refused, code, "There is no operation with the number that --after gives.");
  const text =
    "Nothing is left to send, so no file was written. To write older operations again, give --after.";
  return { exitCode: exitCodes.done, text, json: { ok: true, outcome: code } };
}

export function handInView(file: string, answerFile: string, handed: HandInResult): CommandResult {
  if (handed.ok) {
    const text =
      `The server has stored what is in ${file}, and its answer is in ${answerFile}. ` +
      `Carry it back, and run at the till that wrote the file: import ${answerFile}`;
    return {
      exitCode: exitCodes.done,
      text,
      json: { ok: true, outcome: "handed-in", file, answer: answerFile },
    };
  }
  if ("refusal" in handed) {
    const { code } = handed.refusal;
    return failure(exitCodes.refused, code, handInRefusals[code]);
  }
  const problem = handed.failure;
  if (problem.code === "refused") {
    const message = `The server did not take ${file}: ${problem.message || problem.reason}.`;
    return failure(exitCodes.refused, problem.reason, message);
  }
  const message =
    "The server cannot be reached, so it is not known whether the file arrived. Run the same command again: a file may be handed in any number of times.";
  return failure(exitCodes.notKnownYet, problem.code, message);
}

const handInRefusals = {
  "not-a-carried-queue":
    "This is not the whole of a file that a till exported. Nothing was sent. Copy it again, or export it anew.",
  "answer-not-readable":
    "The server's answer cannot be read, so no answer file was written. Run the same command again; if it happens again, call the operator.",
} as const;

export function importView(file: string, result: ImportResult, stores: NodeStores): CommandResult {
  if (!result.ok) return importRefused(result.refusal);
  const { taken, verdicts, acknowledgement } = result;
  const { applied, rejected, held, contradictions } = taken;
  const waiting = stores.redemptions.countByState().queued;
  const left = waiting === 0 ? "Nothing waits" : `${waiting} operations still wait`;
  const lines = [
    `Took in ${verdicts} verdicts from ${file}: ${applied} applied, ${rejected} rejected, ${held} held. ${left} to be sent.`,
    ...(applied + rejected + held === 0 ? ["All of it was known before."] : []),
    ...(contradictions.length > 0
      ? [`${contradictions.length} verdicts contradict what the server said before: call the operator.`]
      : []),
  ];
  const text = lines.join("\n");
  const json = {
    ok: true,
    outcome: "imported",
    verdicts,
    applied,
    rejected,
    held,
    contradictions,
    waiting,
    acknowledgedUpTo: acknowledgement?.lastSequence ?? null,
  };
  return { exitCode: exitCodes.done, text, json };
}

function importRefused(refusal: ImportRefusal): CommandResult {
  switch (refusal.code) {
    case "stopped":
      return failure(exitCodes.stopped, refusal.because, stoppedMessage(refusal.because));
    case "older-server":
      return failure(exitCodes.refused, refusal.code, uploadProblemMessage(refusal));
    case "not-trusted":
      return failure(
        exitCodes.refused,
        refusal.code,
        `This file was not signed by this till's server, or was changed on its way (${refusal.because}). Nothing of it was used.`,
      );
    case "not-an-answer":
      return failure(
        exitCodes.refused,
        refusal.code,
        "This is not an answer of the server. The answer is what `hand-in` wrote, its name usually ends in .answer.",
      );
    case "another-node":
      return failure(
        exitCodes.refused,
        refusal.code,
        "This answer is for another till. Nothing of it was used.",
      );
    case "unknown-operation":
    case "another-operation":
    case "verdict-missing":
      return failure(
        exitCodes.refused,
        refusal.code,
        "This answer is about operations that this till does not have. Nothing of it was used; call the operator.",
      );
  }
}
