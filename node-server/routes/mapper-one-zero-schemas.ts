/** Requests of the account mapper in the first generation of the API, with its exact lengths. */
import { z } from "@hono/zod-openapi";
import { DecimalText } from "#core/json.ts";
import { currencyDecimals } from "#core/money.ts";

const requestId = z.string().length(12).openapi({ example: "RequestID111" });
const sourceId = z.string().length(12).openapi({ description: "Id of the calling institution" });
const payee = z.string().length(20).openapi({ example: "PayeeFunctionalID111" });
const instructionId = z.string().length(16);
const most = 10_000;

export const beneficiariesOneZero = z
  .object({
    RequestID: requestId,
    SourceBBID: sourceId,
    Beneficiaries: z
      .array(
        z.object({
          PayeeFunctionalID: payee,
          PaymentModality: z.string().length(2).optional(),
          FinancialAddress: z.string().min(1).max(30).optional(),
        }),
      )
      .min(1)
      .max(most),
  })
  .openapi("BeneficiariesOneZero");

/** Major units; a payment of nothing is no payment. */
const amount = z
  .union([z.number(), z.string(), z.instanceof(DecimalText)])
  .transform((value) => (value instanceof DecimalText ? value.text : String(value)))
  .pipe(
    z
      .string()
      .regex(/^[0-9]{1,18}(\.[0-9]{1,4})?$/, "must be a decimal number, such as 12.50")
      .refine((text) => /[1-9]/.test(text), "must be above zero"),
  )
  .openapi({ type: ["number", "string"], example: "12.50" });

export const prepaymentValidation = z
  .object({
    RequestID: requestId,
    SourceBBID: sourceId,
    BatchID: z.string().length(12),
    CreditInstructions: z
      .array(
        z.object({
          InstructionID: instructionId,
          PayeeFunctionalID: payee,
          Amount: amount,
          Currency: z
            .string()
            .length(3)
            .refine((code) => currencyDecimals(code) !== undefined, "must be an ISO 4217 code"),
          Narration: z.string().max(50),
        }),
      )
      .min(1)
      .max(most),
  })
  .openapi("PrepaymentValidation");

export const prepaymentValidationResponse = z
  .object({
    RequestID: requestId,
    Source_BatchID: z.string().length(12),
    NumberFailedCases: z.union([z.number().int().nonnegative(), z.string().regex(/^[0-9]{1,9}$/)]).optional(),
    FailedAccounts: z
      .array(z.object({ InstructionID: instructionId, FailureReason: z.string().max(100) }))
      .optional(),
  })
  .openapi("PrepaymentValidationResponse");

export const oneZeroAnswer = z
  .object({
    ResponseCode: z.enum(["00", "01"]),
    ResponseDescription: z.string().min(1).max(200),
    RequestID: z.string(),
  })
  .openapi("ResponseOneZero");
