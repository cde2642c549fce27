/** Requests and answers of the voucher calls (GovStack Payments BB, vouchers, current API), as zod schemas. */
import { z } from "@hono/zod-openapi";
import { callbackKinds } from "../ports/store.ts";
import { amount, oneSpelling } from "./fields.ts";

const spelled = oneSpelling([
  "requestID",
  "batchID",
  "voucherInstructions",
  "voucherSerialNumber",
  "agentID",
  "voucherSecretNumber",
  "serialNumber",
  "voucherNumber",
  "groupCode",
]);

const requestId = z.string().min(1).max(12).openapi({ example: "req-00000001" });
const batchId = z.string().min(1).max(12);

const serialNumber = z
  .union([z.string().regex(/^[0-9]{1,20}$/), z.number().int().positive()])
  .transform(String)
  .openapi({ type: "string", pattern: "^[0-9]{1,20}$", example: "0000000042" });

const fields = {
  /** `requestID` and `requestId` are both published spellings. */
  requestID: requestId,
  batchID: batchId,
};

export const createVouchersRequest = z
  .preprocess(
    spelled,
    z.object({
      ...fields,
      voucherInstructions: z
        .array(
          z.object({
            instructionID: z.string().min(1).max(16),
            groupCode: z.string().min(1).max(50),
            currency: z.string().length(3),
            amount,
            payeeFunctionalID: z.string().max(20).optional(),
            narration: z.string().max(50).default(""),
          }),
        )
        .min(1)
        .max(10_000),
    }),
  )
  .openapi("CreateVouchers");

export const voucherCommandRequest = z
  .preprocess(
    spelled,
    z.object({
      ...fields,
      voucherInstructions: z
        .array(
          z.object({
            serialNumber,
            status: z.enum(["02", "03", "06", "09"]).optional(),
            leaseTo: z.string().min(1).max(36).optional(),
            leaseUntil: z.iso.datetime({ offset: true }).optional(),
            dispensedBy: z.string().min(1).max(10).optional(),
          }),
        )
        .min(1)
        .max(10_000),
    }),
  )
  .openapi("VoucherCommand");

export const reissueRequest = z
  .preprocess(
    spelled,
    z.object({
      ...fields,
      voucherInstructions: z
        .array(
          z.object({
            instructionID: z.string().min(1).max(16),
            serialNumber,
            reason: z.string().min(1).max(100),
          }),
        )
        .min(1)
        .max(1000),
    }),
  )
  .openapi("ReissueVouchers");

export const redeemRequest = z
  .preprocess(
    spelled,
    z.object({
      requestID: requestId,
      voucherSerialNumber: serialNumber,
      agentID: z.string().min(1).max(10),
      voucherSecretNumber: z
        .union([z.string().regex(/^[0-9]{1,16}$/), z.number().int().nonnegative()])
        .transform(String)
        .openapi({ type: "string", pattern: "^[0-9]{1,16}$" }),
      override: z.boolean().optional(),
    }),
  )
  .openapi("RedeemVoucher");

const voucherNumber = z
  .union([z.string().regex(/^[0-9 -]{1,25}$/), z.number().int().nonnegative()])
  .transform(String)
  .openapi({ type: "string", pattern: "^[0-9 -]{1,25}$" });

export const validityRequest = z
  .preprocess(
    spelled,
    z.union([z.object({ serialNumber }), z.object({ voucherNumber, groupCode: z.string().min(1).max(50) })]),
  )
  .openapi("VoucherValidityQuestion");

export const validityAnswer = z
  .object({ serialNumber: z.string().nullable(), isValid: z.boolean() })
  .openapi("VoucherValidity");

export const acknowledgement = z
  .object({ ResponseCode: z.string(), ResponseDescription: z.string(), RequestID: z.string() })
  .openapi("Acknowledgement");

export const batchFileAcknowledgement = acknowledgement
  .extend({ batchID: z.string(), total: z.number().int() })
  .openapi("BatchFileAcknowledgement");

export const batchProgressAnswer = z
  .object({
    requestID: z.string(),
    batchID: z.string(),
    total: z.number().int(),
    created: z.number().int(),
    failed: z.number().int(),
    state: z.enum(["issuing", "complete"]),
  })
  .openapi("BatchProgress");

export const cancelAcknowledgement = z
  .object({ responseCode: z.string(), responseDescription: z.string(), requestID: z.string() })
  .openapi("CancelAcknowledgement");

export const redeemAnswer = z
  .object({
    status: z.union([z.literal(0), z.literal(1)]),
    message: z.string().max(20),
    detail: z.string().max(100),
    serialNumber: z.string(),
    value: z.number(),
    timestamp: z.iso.datetime(),
    transactionId: z.string().max(12).optional(),
    leasedTo: z
      .object({ area: z.string().nullable(), phone: z.string().nullable(), until: z.iso.datetime() })
      .optional(),
  })
  .openapi("RedeemAnswer");

export const voucherStatusAnswer = z
  .object({ status: z.number().int(), statusName: z.string(), serialNumber: z.string(), value: z.number() })
  .openapi("VoucherStatus");

export const voucherAnswer = voucherStatusAnswer
  .extend({
    currency: z.string(),
    groupCode: z.string(),
    programID: z.string(),
    expiryDate: z.iso.datetime(),
    activationDate: z.iso.datetime().optional(),
    pending: z.enum(["cancel", "suspend", "block", "expire"]).optional(),
    replacesSerialNumber: z.string().optional(),
    replacedBy: z.string().optional(),
  })
  .openapi("Voucher");

export const voucherPageAnswer = z
  .object({
    page: z.number().int(),
    size: z.number().int(),
    total: z.number().int(),
    vouchers: z.array(voucherAnswer),
  })
  .openapi("VoucherPage");

export const voucherTokenAnswer = z
  .object({ serialNumber: z.string(), token: z.string() })
  .openapi("VoucherToken");

export const stockAnswer = z
  .object({
    stock: z.array(
      z.object({
        groupCode: z.string(),
        currency: z.string(),
        state: z.string(),
        quantity: z.number().int(),
        value: z.number(),
      }),
    ),
  })
  .openapi("Stock");

export const callbackPageAnswer = z
  .object({
    page: z.number().int(),
    size: z.number().int(),
    total: z.number().int(),
    callbacks: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(callbackKinds),
        url: z.string(),
        state: z.enum(["waiting", "undeliverable"]),
        tries: z.number().int(),
        requestedAt: z.iso.datetime(),
        lastTriedAt: z.iso.datetime().nullable(),
        lastError: z.string().nullable(),
      }),
    ),
  })
  .openapi("CallbackPage");

export const errorAnswer = z
  .object({
    responseCode: z.literal("01"),
    responseDescription: z.string(),
    requestID: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), reason: z.string() })),
  })
  .openapi("Error");
