/** What `verify` says of a file: what it is, what it proves, and what it does not. */
import { formatSerial } from "#core/voucher-number.ts";
import type { KeySet } from "#sync/documents/key-set.ts";
import type { OperationBody } from "#sync/documents/operation.ts";
import type { AuditHead, Verdict, VerdictList } from "#sync/documents/verdict-list.ts";
import { keyIdOf } from "#sync/signing/cose.ts";
import type {
  Checked,
  CheckedOperation,
  CheckedReceipt,
  Verification,
  VerificationProblem,
} from "#sync/verify.ts";
import { dayAndTime, moneyText } from "./messages.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

export function verificationView(path: string, verification: Verification): CommandResult {
  if (!verification.ok) {
    const { problem } = verification;
    const more = { part: problem.part, because: problem.because };
    return failure(exitCodes.refused, problem.code, `${path}: ${problemText(problem)}`, more);
  }
  const { checked, keySet, keysGiven } = verification;
  const fingerprints = fingerprintsOf(keySet);
  const trust = keysGiven
    ? "GENUINE: signed by the server whose keys were given."
    : `NOTHING IN IT WAS CHANGED. It brings its own keys (${fingerprints.join(", ")}), so whoever made it could have made ` +
      "those too: give the server's with --keys to know that it is genuine.";
  const text = [`${path}: ${textOf(checked)}`, trust].join("\n");
  const exitCode = keysGiven ? exitCodes.done : exitCodes.notKnownYet;
  const json = { ok: true, genuine: keysGiven ? true : null, keys: fingerprints, ...fieldsOf(checked) };
  return { exitCode, text, json };
}

function problemText({ code, part, because }: VerificationProblem): string {
  switch (code) {
    case "not-a-paypost-file":
      return "this is no file of Paypost, or not the whole of one.";
    case "not-genuine":
      return `NOT GENUINE: its ${part} was changed, or was signed by somebody else (${because}).`;
    case "does-not-fit":
      return `NOT GENUINE: its ${part} belongs to something else than the rest (${because}).`;
    case "keys-needed":
      return "a bare verdict list brings no keys. Give the server's with --keys.";
  }
}

function textOf(checked: Checked): string {
  switch (checked.kind) {
    case "receipt":
      return [
        `a receipt of ${checked.certificate.merchantName} (${checked.certificate.merchantId}).`,
        operationText(checked),
        `Verdict: ${verdictText(checked.verdict)}.`,
        ...auditText(checked.auditHead),
      ].join("\n");
    case "evidence": {
      const { winner } = checked;
      return [
        `the evidence of a dispute of ${checked.certificate.merchantName} (${checked.certificate.merchantId}).`,
        `Lost: ${operationText(checked)}`,
        `Verdict: ${verdictText(checked.verdict)}.`,
        winner
          ? `Won, for ${winner.certificate.merchantName} (${winner.certificate.merchantId}): ${operationText(winner)}`
          : "Won by a redemption that no till signed: it was made through the server.",
        ...auditText(checked.auditHead),
      ].join("\n");
    }
    case "answer": {
      const { acknowledgement, list } = checked;
      const { firstSequence, lastSequence, nodeId } = acknowledgement;
      return (
        `the server's answer to an exported queue: it has stored operations ${firstSequence} to ${lastSequence} of till ` +
        `${nodeId}.\n${listText(list)}`
      );
    }
    case "verdict-list":
      return `a verdict list for till ${checked.list.nodeId}.\n${listText(checked.list)}`;
    case "carried-queue": {
      const { certificate, carried } = checked;
      return (
        `operations ${carried.firstSequence} to ${carried.lastSequence} of till ${certificate.nodeId} of ` +
        `${certificate.merchantName} (${certificate.merchantId}), written at ${dayAndTime(carried.createdAtMs)}. ` +
        "They are sealed: only the server can read them."
      );
    }
  }
}

function operationText({ operation }: CheckedOperation): string {
  return (
    `Operation ${operation.sequence} of till ${operation.nodeId}: ${bodyText(operation.body)}, by ${operation.actor}, ` +
    `at ${dayAndTime(operation.wallTimeMs)} by the till's own clock.`
  );
}

function bodyText(body: OperationBody): string {
  switch (body.type) {
    case "release-lease":
      return `voucher ${formatSerial(body.serial)} given back`;
    case "redeem-voucher":
      return `voucher ${formatSerial(body.serial)} redeemed for ${moneyText(body)} (${body.mode})`;
    case "pay-bill":
      return `bill ${body.billId} paid with ${moneyText(body)} in cash`;
    case "refund-bill":
      return `${moneyText(body)} given back that was taken in cash for bill ${body.billId}`;
    case "pay-bill-with-voucher":
      return `bill ${body.billId} paid with voucher ${formatSerial(body.serial)} for ${moneyText(body)} (${body.mode})`;
    case "look-up":
      return `a payee of ${body.programme} looked up (${body.outcome})`;
    case "register-beneficiary":
      return `a payee registered for ${body.programme}`;
    case "update-beneficiary":
      return `a payee of ${body.programme} updated`;
  }
}

function verdictText({
  status,
  reason,
  transactionId,
  decidedAtMs,
  guaranteedMinor,
  evidence,
}: Verdict): string {
  return [
    `${status}${reason === null ? "" : `, ${reason}`}, at ${dayAndTime(decidedAtMs)}`,
    ...(transactionId === null ? [] : [`transaction ${transactionId}`]),
    ...(evidence === null ? [] : [`the operation that was first is ${hex(evidence)}`]),
    ...(guaranteedMinor === null ? [] : [`guaranteed, in minor units: ${guaranteedMinor}`]),
  ].join("; ");
}

function listText({ verdicts, serverTimeMs, auditHead }: VerdictList): string {
  const lines = verdicts.map((verdict) => `  ${verdict.sequence}  ${verdictText(verdict)}`);
  const signed = `Signed at ${dayAndTime(serverTimeMs)}, ${verdicts.length} verdicts:`;
  return [signed, ...lines, ...auditText(auditHead)].join("\n");
}

/** What an auditor gives to `paypost audit verify --head`. */
function auditText(head: AuditHead | null): string[] {
  const seen = headOf(head);
  return seen === null ? [] : [`The server's audit trail had come to ${seen}.`];
}

function headOf(head: AuditHead | null): string | null {
  return head && `${head.position}:${hex(head.hash)}`;
}

function fieldsOf(checked: Checked): Readonly<Record<string, unknown>> {
  switch (checked.kind) {
    case "receipt":
      return { kind: checked.kind, ...receiptFields(checked) };
    case "evidence": {
      const { kind, winner } = checked;
      return { kind, ...receiptFields(checked), winner: winner && operationFields(winner) };
    }
    case "answer": {
      const { nodeId, firstSequence, lastSequence } = checked.acknowledgement;
      const verdicts = checked.list.verdicts.map(verdictFields);
      const auditHead = headOf(checked.list.auditHead);
      return { kind: checked.kind, nodeId, firstSequence, lastSequence, auditHead, verdicts };
    }
    case "verdict-list": {
      const { nodeId, auditHead, verdicts } = checked.list;
      return {
        kind: checked.kind,
        nodeId,
        auditHead: headOf(auditHead),
        verdicts: verdicts.map(verdictFields),
      };
    }
    case "carried-queue": {
      const { firstSequence, lastSequence } = checked.carried;
      const { nodeId, merchantId, merchantName } = checked.certificate;
      return { kind: checked.kind, nodeId, merchantId, merchantName, firstSequence, lastSequence };
    }
  }
}

function receiptFields(receipt: CheckedReceipt) {
  return {
    ...operationFields(receipt),
    verdict: verdictFields(receipt.verdict),
    auditHead: headOf(receipt.auditHead),
  };
}

function operationFields({ certificate, operation, operationHash }: CheckedOperation) {
  const { body } = operation;
  const { merchantId, merchantName } = certificate;
  return {
    merchantId,
    merchantName,
    nodeId: operation.nodeId,
    sequence: operation.sequence,
    operationId: operation.operationId,
    operationHash: hex(operationHash),
    type: body.type,
    ...("serial" in body ? { serial: formatSerial(body.serial) } : {}),
    ...("billId" in body ? { billId: body.billId } : {}),
    actor: operation.actor,
    at: new Date(operation.wallTimeMs).toISOString(),
  };
}

function verdictFields(verdict: Verdict) {
  const { sequence, status, reason, transactionId, decidedAtMs } = verdict;
  return { sequence, status, reason, transactionId, decidedAt: new Date(decidedAtMs).toISOString() };
}

/** The key ids of the keys that sign key sets: what every other key hangs on. */
function fingerprintsOf({ keys }: KeySet): string[] {
  return keys
    .filter(({ kind }) => kind === "key-set")
    .map(({ kind, publicKey }) => hex(keyIdOf(kind, publicKey)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
