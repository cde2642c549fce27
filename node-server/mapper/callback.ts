/**
 * What the callers of the account mapper are told, composed when it is sent: addresses are read then, and lie in no queue
 * (GovStack Payments BB, account mapper; both generations of the API).
 */
import { randomUUID } from "node:crypto";
import type { PayeeAddress } from "#core/payee-addresses.ts";
import { composeAnswer } from "../g2p-connect/answers.ts";
import type { SignMessage } from "../g2p-connect/signature.ts";
import type { MapperRequestRow, MapperResult } from "../ports/mapper.ts";
import type { Tx } from "../ports/store.ts";
import { answerOf } from "./look-up.ts";
import type { LookUpAnswer } from "./look-up.ts";
import { lookUpReasons } from "./reasons.ts";

export async function mapperCallback(tx: Tx, id: bigint, signMessage: SignMessage): Promise<unknown> {
  const request = await tx.mapperRequests.find(id);
  if (!request) throw new Error(`no mapper request ${id}`);
  if (request.face === "g2p-connect") {
    const answer = await composeAnswer(tx, request);
    return { signature: await signMessage(answer), ...answer };
  }
  return composeOutcome(tx, request);
}

/** More failed cases than this are not told in one body; the request's own address lists all of them. */
const mostItems = 10_000;
const firstItems = { afterLine: 0, limit: mostItems };
const firstFailures = { index: 0, size: mostItems };

export async function composeOutcome(tx: Tx, request: MapperRequestRow): Promise<Record<string, unknown>> {
  const { id, requestId, batchId, action } = request;
  if (action === "look-up") return foundPayees(tx, request);
  const failures = await tx.mapperRequests.failures(id, firstFailures);
  const { failed } = await tx.mapperRequests.progress(id);
  switch (action) {
    case "validate-addresses":
    case "validate-at-bank":
      return {
        clientCorrelationId: requestId,
        batchId: batchId ?? "",
        numberOfFailedCases: failed,
        failedAccountLookups: failures.map(({ instructionId, failureReason }) => ({
          instructionID: instructionId,
          failureReason,
        })),
      };
    case "validate-payees":
      return {
        RequestID: requestId,
        Source_BatchID: batchId ?? "",
        NumberFailedCases: failed,
        FailedAccounts: failures.map(({ instructionId, failureReason }) => ({
          InstructionID: instructionId,
          FailureReason: failureReason,
        })),
      };
    case "resolve":
    case "txn-status":
    case "unlink":
      throw new Error(`a ${action} is asked by G2P Connect only`);
    case "register":
    case "update":
    case "add-address":
    case "update-address":
      return {
        requestID: randomUUID().slice(0, 12),
        registerRequestID: requestId,
        numberFailedCases: failed,
        failedCases: failures.map((failure) => failedCase(request, failure)),
      };
  }
}

/** An update, and the first generation, name the payee by both of its published names. */
export function failedCase(
  { action, face }: Pick<MapperRequestRow, "action" | "face">,
  { payeeIdentity, modality, institutionCode, failureReason }: MapperResult,
): Record<string, unknown> {
  return {
    payeeIdentity,
    ...(action === "update" || face === "1.0" ? { payeeFunctionalID: payeeIdentity } : {}),
    ...(institutionCode === null ? {} : { bankingInstitutionCode: institutionCode }),
    ...(modality === null ? {} : { paymentModality: modality }),
    failureReason,
  };
}

async function foundPayees(tx: Tx, { id, institutionId, requestId }: MapperRequestRow) {
  const items = await tx.mapperRequests.results(id, firstItems);
  const identities = items.flatMap(({ payeeIdentity }) => payeeIdentity ?? []);
  const found = await tx.payees.findAll(institutionId, [...new Set(identities)]);
  const answers = items.map(({ payeeIdentity, modality }) => {
    const question = { payeeIdentity: payeeIdentity ?? "", modality };
    return [question.payeeIdentity, answerOf(found.get(question.payeeIdentity), question)] as const;
  });
  return lookUpBody(requestId, answers);
}

/** Every payee that was asked for is answered: each of its addresses, or why there is none. */
export function lookUpBody(requestId: string, answers: readonly (readonly [string, LookUpAnswer])[]) {
  return {
    requestId,
    paymentModalityList: answers.flatMap(([payeeIdentity, answer]): Record<string, unknown>[] =>
      answer.outcome === "found"
        ? answer.addresses.map((address) => foundAddress(payeeIdentity, address, answer.payee.preferred))
        : [{ payeeIdentity, failureReason: lookUpReasons[answer.outcome] }],
    ),
  };
}

export function foundAddress(payeeIdentity: string, address: PayeeAddress, preferred: number | null) {
  return {
    payeeIdentity,
    paymentModality: address.modality,
    ...(address.address === null ? {} : { financialAddress: address.address }),
    ...(address.institutionCode === null ? {} : { bankingInstitutionCode: address.institutionCode }),
    preferred: address.n === preferred,
  };
}
