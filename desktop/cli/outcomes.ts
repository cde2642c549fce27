/** Turns what the worker answered into text, JSON and exit codes. */
import { formatMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { isComplete } from "#sync/node-sync.ts";
import type { SyncReport } from "#sync/node-sync.ts";
import type { UploadProblem } from "#sync/upload.ts";
import type { EnrolResult } from "../worker/enrol.ts";
import type { RedeemOutcome } from "../worker/node.ts";
import type { NodeStores } from "../worker/open.ts";
import type { Redeemed } from "../worker/redeem.ts";
import {
  moneyText,
  offlineMessage,
  refusalMessage,
  stoppedMessage,
  uploadProblemMessage,
} from "./messages.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

export function enrolView(result: EnrolResult, server: string): CommandResult {
  if (result.ok) {
    const { nodeId, merchantId, merchantName, generation } = result.certificate;
    const text = `Enrolled as a till of ${merchantName} (${merchantId}). Node ${nodeId}.`;
    const json = { ok: true, nodeId, merchantId, merchantName, server, generation, again: result.again };
    return { exitCode: exitCodes.done, text, json };
  }
  if ("refusal" in result) {
    const { code } = result.refusal;
    return failure(exitCodes.refused, code, enrolMessages[code]);
  }
  const { failure: problem } = result;
  if (problem.code === "refused") {
    const message = `The server refused the enrolment (${problem.reason}). Check the code, or ask for a new one.`;
    return failure(exitCodes.refused, problem.reason, message);
  }
  const message =
    "The server gave no answer. Run the same command again: the code is still good for this till.";
  return failure(exitCodes.notKnownYet, problem.code, message);
}

const enrolMessages = {
  "malformed-server-url": "The server's address cannot be read. It looks like https://payments.example.org",
  "server-without-tls":
    "This server's address has no TLS (https). Only a server on this same machine may do without.",
  "already-enrolled": "This till is enrolled already. To enrol it anew, use a new, empty folder.",
  "wrong-passphrase":
    "An enrolment was begun here with another passphrase. Use that one, or a new, empty folder.",
  "passphrase-too-short": "The passphrase is too short: at least eight characters.",
  "passphrase-needed": "A passphrase is needed: set PAYPOST_PASSPHRASE, or give --passphrase-file.",
  "key-store-failed": "This machine's key store could not keep the key. Nothing was sent; try again.",
  "answer-not-trusted":
    "The server's answer could not be verified, so nothing of it was kept. Call the operator.",
} as const;

export function redeemView(outcome: RedeemOutcome): CommandResult {
  switch (outcome.kind) {
    case "accepted": {
      const { redeemed, transactionId } = outcome;
      const note = redeemed.anchored ? "" : " (the till's clock is not confirmed; sync soon)";
      const provisional = redeemed.mode === "at-risk";
      const verb = provisional ? "ACCEPTED, PROVISIONALLY" : "ACCEPTED";
      const terms = provisional ? ` ${provisionalNote(redeemed)}` : "";
      const text =
        `${verb}: voucher ${formatSerial(redeemed.token.serial)}, ${moneyText(redeemed.token)}${note}.` +
        cashNote(redeemed) +
        terms;
      const fields = { ...redeemedFields(redeemed), transactionId };
      const json = { ok: true, outcome: "accepted", provisional, ...fields, ...guaranteed(redeemed) };
      return { exitCode: exitCodes.done, text, json };
    }
    case "not-known-yet": {
      const more = { outcome: "not-known-yet", reason: outcome.reason, ...redeemedFields(outcome.redeemed) };
      return failure(exitCodes.notKnownYet, "not-known-yet", offlineMessage.notKnown, more);
    }
    case "rejected": {
      const message = `The server rejected this voucher (${outcome.reason}). Do not hand over goods.`;
      const more = { outcome: "rejected", reason: outcome.reason, ...redeemedFields(outcome.redeemed) };
      return failure(exitCodes.refused, outcome.reason, message, more);
    }
    case "refused": {
      const { refusal } = outcome;
      const isStopped = refusal.code === "node-stopped";
      const exitCode = isStopped ? exitCodes.stopped : exitCodes.refused;
      const more = {
        outcome: "refused",
        ...("because" in refusal && { because: refusal.because }),
        ...("holder" in refusal && { holder: refusal.holder }),
      };
      return failure(exitCode, refusal.code, refusalMessage(refusal), more);
    }
    case "offline": {
      const { problem } = outcome.upload;
      const passing = problem === undefined || isWaiting(problem);
      if (passing) {
        const more = { outcome: "offline" };
        return failure(
          exitCodes.notKnownYet,
          problem?.code ?? "unreachable",
          offlineMessage.notRecorded,
          more,
        );
      }
      const exitCode = problem.code === "stopped" ? exitCodes.stopped : exitCodes.refused;
      return failure(exitCode, problem.code, uploadProblemMessage(problem), { outcome: "offline" });
    }
  }
}

function cashTerms({ amountMinor, currency }: Redeemed["token"], feeMinor: bigint) {
  const paid = formatMajor({ amountMinor: amountMinor - feeMinor, currency });
  return { paid, fee: formatMajor({ amountMinor: feeMinor, currency }) };
}

function cashNote({ token, cashOut }: Redeemed): string {
  if (!cashOut) return "";
  const { paid, fee } = cashTerms(token, cashOut.feeMinor);
  return ` Pay out ${paid} ${token.currency} in cash; your fee is ${fee} ${token.currency}.`;
}

function provisionalNote({ token, guaranteedMinor }: Redeemed): string {
  const floor = guaranteedMinor === null ? 0n : guaranteedMinor;
  const rest = floor === 0n ? "nothing" : moneyText({ ...token, amountMinor: floor });
  return (
    "The server has not seen it: if the voucher was used elsewhere before, it is not paid, and " +
    `${rest} of it is guaranteed. Sync as soon as you can.`
  );
}

function guaranteed({ token, guaranteedMinor }: Redeemed) {
  return guaranteedMinor === null
    ? {}
    : { guaranteed: formatMajor({ amountMinor: guaranteedMinor, currency: token.currency }) };
}

function redeemedFields({ token, mode, operationId, sequence, anchored, cashOut }: Redeemed) {
  return {
    serial: formatSerial(token.serial),
    amount: formatMajor(token),
    currency: token.currency,
    programme: token.programme,
    mode,
    operationId,
    sequence,
    clockAnchored: anchored,
    ...(cashOut && { cash: cashTerms(token, cashOut.feeMinor) }),
  };
}

export function syncView(report: SyncReport, stores: NodeStores): CommandResult {
  const { upload } = report;
  const { sent, applied, rejected, held, contradictions, status, problem } = upload;
  const shapes = Object.fromEntries(Object.entries(report.shapes).map(([name, end]) => [name, end.kind]));
  const more = {
    sent,
    applied,
    rejected,
    held,
    contradictions,
    nodeStatus: status,
    shapes,
    leases: report.tended,
    rowsAside: stores.leases.aside(1000).length,
  };
  const because = stores.stopped();
  if (because !== undefined) return failure(exitCodes.stopped, because, stoppedMessage(because), more);
  if (problem) {
    const passing = isWaiting(problem);
    const code = problem.code === "refused" ? problem.reason : problem.code;
    const exitCode = passing ? exitCodes.notKnownYet : exitCodes.refused;
    return failure(exitCode, code, uploadProblemMessage(problem), more);
  }
  if (status !== "active") {
    const message = `Everything was sent. ${refusalMessage({ code: `node-${status}` })}`;
    return failure(exitCodes.stopped, `node-${status}`, message, more);
  }
  if (Object.values(report.shapes).some(({ kind }) => kind === "allowance-spent")) {
    const message =
      "The queue was sent. What this till's connection may cost today for reading is spent; the rest is kept for what is " +
      "redeemed. To read all the same: `sync --anyway`.";
    return failure(exitCodes.notKnownYet, "allowance-spent", message, more);
  }
  if (Object.keys(shapes).length > 0 && !isComplete(report)) {
    const message = "The queue was sent, but not everything could be fetched. Run `sync` again.";
    return failure(exitCodes.notKnownYet, "shapes-not-read", message, more);
  }
  const { released } = report.tended;
  const givenBack = released === 0 ? "" : ` ${released} reserved vouchers were asked for and given back.`;
  const text = `Sent ${sent}: ${applied} applied, ${rejected} rejected, ${held} held.${givenBack}`;
  return { exitCode: exitCodes.done, text, json: { ok: true, outcome: "synced", ...more } };
}

/** It goes on by itself, or when somebody tries again. */
function isWaiting({ code }: UploadProblem): boolean {
  return code === "unreachable" || code === "busy" || code === "allowance-spent";
}
