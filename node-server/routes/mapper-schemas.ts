/** Requests and answers of the account mapper (GovStack Payments BB, account mapper, current API), as zod schemas. */
import { z } from "@hono/zod-openapi";
import { DecimalText } from "#core/json.ts";
import {
  activation,
  financialAddress,
  payeeIdentity,
  payeeItem,
  paymentModality,
} from "../mapper/payee-item.ts";
import { oneSpelling } from "./fields.ts";

const spelled = oneSpelling([
  "requestID",
  "sourceBBID",
  "beneficiaries",
  "payeeIdentity",
  "paymentModality",
  "bankingInstitutionCode",
  "financialAddress",
  "payeePartyIds",
  "batchID",
  "destinationDFSPID",
  "creditInstructions",
  "instructionID",
]);

const requestId = z.string().min(1).max(12).openapi({ example: "req-00000001" });
export const mostBeneficiaries = 10_000;

export const beneficiariesRequest = z
  .preprocess(
    spelled,
    z.object({
      requestID: requestId,
      sourceBBID: z.string().min(1).max(12).optional(),
      beneficiaries: z.array(payeeItem).min(1).max(mostBeneficiaries),
    }),
  )
  .openapi("Beneficiaries");

export const accountLookupRequest = z
  .preprocess(
    spelled,
    z.object({
      requestID: requestId,
      payeePartyIds: z.array(payeeIdentity).min(1).max(mostBeneficiaries),
    }),
  )
  .openapi("AccountLookup");

/** Major units. */
const amount = z
  .union([z.number(), z.string(), z.instanceof(DecimalText)])
  .transform((value) => (value instanceof DecimalText ? value.text : String(value)))
  .pipe(z.string().regex(/^[0-9]{1,18}(\.[0-9]{1,4})?$/, "must be a decimal number, such as 12.50"))
  .openapi({ type: "number", example: 12.5 });

export const validateRequest = z
  .preprocess(
    spelled,
    z.object({
      batchID: z.string().min(1).max(50),
      destinationDFSPID: z.string().min(1).max(11).optional(),
      creditInstructions: z
        .array(
          z.object({
            instructionID: z.string().min(1).max(16),
            financialAddress,
            amount: amount.optional(),
            currency: z.string().length(3).optional(),
            narration: z.string().max(50).optional(),
          }),
        )
        .min(1)
        .max(mostBeneficiaries),
    }),
  )
  .openapi("ValidateAccounts");

/** A payer bank's answer about accounts that it was asked to validate. */
export const accountsAnswerRequest = z
  .object({
    clientCorrelationId: z.string().min(1).max(64),
    batchId: z.string().min(1).max(50),
    numberOfFailedCases: z.int().min(0).max(mostBeneficiaries),
    failedAccountLookups: z
      .array(
        z.object({ instructionID: z.string().min(1).max(16), failureReason: z.string().min(1).max(100) }),
      )
      .max(mostBeneficiaries)
      .default([]),
  })
  .openapi("AccountsAnswer");

export const lookUpQuery = z.object({
  payeeIdentity,
  requestId: z.string().max(12).optional(),
  paymentModality: paymentModality.optional(),
  isExternalLookup: z.enum(["true", "false"]).optional(),
});

const failedCase = z.object({
  payeeIdentity: z.string(),
  payeeFunctionalID: z.string().optional(),
  bankingInstitutionCode: z.string().optional(),
  paymentModality: z.string().optional(),
  failureReason: z.string().max(100),
});

const mapperAcknowledgement = z.object({
  responseCode: z.literal("00"),
  responseDescription: z.string(),
  requestID: z.string(),
});

/** With its outcome, for a caller that named no callback. */
export const beneficiariesAnswer = mapperAcknowledgement
  .extend({ numberFailedCases: z.number().int().optional(), failedCases: z.array(failedCase).optional() })
  .openapi("BeneficiariesAnswer");

export const payeeFileAnswer = mapperAcknowledgement
  .extend({ total: z.number().int() })
  .openapi("PayeeFileAcknowledgement");

const foundAddress = z.object({
  payeeIdentity: z.string(),
  paymentModality: z.string().optional(),
  financialAddress: z.string().optional(),
  bankingInstitutionCode: z.string().optional(),
  preferred: z.boolean().optional(),
  failureReason: z.string().optional(),
});

export const lookUpAnswer = z
  .object({ requestId: z.string(), paymentModalityList: z.array(foundAddress) })
  .openapi("PaymentModalityList");

export const validationAnswer = z
  .object({
    clientCorrelationId: z.string(),
    batchId: z.string(),
    numberOfFailedCases: z.number().int(),
    failedAccountLookups: z.array(z.object({ instructionID: z.string(), failureReason: z.string() })),
  })
  .openapi("FailedAccountLookups");

const shownModality = z.object({
  paymentModality: z.string(),
  bankingInstitutionCode: z.string().optional(),
  financialAddress: z.string().optional(),
  status: activation,
  preferred: z.boolean(),
});

export const beneficiaryAnswer = z
  .object({
    payeeIdentity: z.string(),
    status: activation,
    area: z.string().optional(),
    programID: z.string().optional(),
    changedAt: z.iso.datetime(),
    paymentModalities: z.array(shownModality),
  })
  .openapi("Beneficiary");

export const beneficiaryPageAnswer = z
  .object({
    page: z.number().int(),
    size: z.number().int(),
    total: z.number().int(),
    beneficiaries: z.array(beneficiaryAnswer),
  })
  .openapi("BeneficiaryPage");

export const beneficiaryHistoryAnswer = z
  .object({
    payeeIdentity: z.string(),
    history: z.array(
      z.object({
        version: z.number().int(),
        at: z.iso.datetime(),
        actor: z.string(),
        cause: z.string(),
        change: z.string(),
        status: z.enum(["active", "inactive", "unlinked"]),
        address: shownModality.optional(),
      }),
    ),
  })
  .openapi("BeneficiaryHistory");

export const mapperProgressAnswer = z
  .object({
    requestID: z.string(),
    total: z.number().int(),
    done: z.number().int(),
    failed: z.number().int(),
    state: z.enum(["working", "complete"]),
    failedCases: z.array(failedCase.extend({ line: z.number().int() }).partial({ payeeIdentity: true })),
  })
  .openapi("MapperProgress");
