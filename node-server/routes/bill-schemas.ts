/** Requests and answers about bills (GovStack Payments BB, P2G), as zod schemas. */
import { z } from "@hono/zod-openapi";
import { aliasTypes } from "../ports/bill-rows.ts";
import { amount, oneSpelling } from "./fields.ts";

const spelled = oneSpelling([
  "requestId",
  "billInquiryRequestId",
  "billId",
  "billDetails",
  "billerName",
  "billerId",
  "billStatus",
  "dueDate",
  "amountOnDueDate",
  "amountAfterDueDate",
  "currency",
  "payerName",
  "payerType",
  "payerId",
  "area",
  "instalments",
  "bills",
  "code",
  "reason",
  "paymentReferenceID",
  "paymentStatus",
  "amount",
  "status",
  "rejectReason",
  "rtpId",
  "requestType",
  "payerFiDetails",
  "payerFIBIC",
  "financialAddress",
  "alias",
  "aliasType",
  "aliasId",
  "expiry",
  "txnId",
  "rtpStatus",
  "voucherSecretHash",
  "voucherSerialNumber",
  "voucherSecretNumber",
  "payments",
]);

const requestId = z.string().min(1).max(12).openapi({ example: "req-00000001" });
export const billId = z.string().min(2).max(20).openapi({ example: "EL12345674" });
/** The id of an inquiry may be its correlation id, or the transaction id of a request to pay. */
const inquiryRequestId = z.string().min(1).max(64);
const currency = z.string().length(3);
const reason = z.string().max(200);

/** Numbers that callers may write as text. */
const rtpId = z
  .union([z.number().int().nonnegative(), z.string().regex(/^[0-9]{1,15}$/)])
  .transform(Number)
  .openapi({ type: "integer", example: 4711 });

const voucherDigits = z
  .union([z.string().regex(/^[0-9 -]{1,25}$/), z.number().int().nonnegative()])
  .transform(String)
  .openapi({ type: "string", pattern: "^[0-9 -]{1,25}$" });

/** Whole seconds since 1970, or a calendar date at the biller's place. */
const dueDate = z.union([z.number().int().positive(), z.string().max(20)]).openapi({ example: "2026-11-30" });

const billFields = {
  dueDate: dueDate.optional(),
  amountOnDueDate: amount,
  amountAfterDueDate: amount.optional(),
  currency,
  payerName: z.string().max(100).optional(),
  payerType: z.enum(["person", "organisation"]).optional(),
  payerId: z.string().max(34).optional(),
  area: z.string().max(50).optional(),
  billStatus: z.string().max(20).optional(),
  instalments: z
    .union([z.boolean(), z.number(), z.string()])
    .nullish()
    .openapi({ description: "Refused where it asks for any: a bill is paid whole" }),
};

const billDetails = z.preprocess(spelled, z.object(billFields));

export const uploadedBill = z.preprocess(spelled, z.object({ billId, ...billFields }));

export const billUploadRequest = z
  .preprocess(spelled, z.object({ requestId, bills: z.array(uploadedBill).min(1).max(10_000) }))
  .openapi("UploadBills");

export const billAnswerRequest = z
  .preprocess(
    spelled,
    z.object({
      requestId: z.string().max(64).optional(),
      billId: billId.optional(),
      code: z.enum(["00", "01"]).default("00"),
      reason: reason.optional(),
      billDetails: billDetails.optional(),
    }),
  )
  .openapi("BillAnswer");

export const paymentRequest = z
  .preprocess(
    spelled,
    z.object({
      requestId,
      billInquiryRequestId: inquiryRequestId,
      billId,
      paymentReferenceID: z.string().min(1).max(16),
      paymentStatus: z.enum(["success", "failed"]).default("success"),
      amount: amount.optional(),
      currency: currency.optional(),
    }),
  )
  .openapi("BillPaymentNotification");

export const billerStatusRequest = z
  .preprocess(
    spelled,
    z.object({
      requestId,
      billId,
      status: z.string().min(1).max(20),
      rejectReason: z.string().max(20).optional(),
    }),
  )
  .openapi("BillerStatus");

export const requestToPayRequest = z
  .preprocess(
    spelled,
    z.object({
      requestId,
      rtpId,
      billId,
      requestType: z.enum(["00", "01"]),
      payerFiDetails: z
        .preprocess(
          spelled,
          z.object({
            payerFIBIC: z.string().min(8).max(11),
            financialAddress: z.string().min(1).max(34),
          }),
        )
        .optional(),
      alias: z
        .preprocess(spelled, z.object({ aliasType: z.enum(aliasTypes), aliasId: z.string().min(1).max(100) }))
        .optional(),
      billDetails: z.preprocess(
        spelled,
        z.object({ billerName: z.string().min(1).max(100), amount, currency }),
      ),
      expiry: z
        .union([z.number().int().positive(), z.iso.datetime({ offset: true })])
        .optional()
        .openapi({ description: "Epoch seconds, or RFC 3339; seven days from now where it is left out" }),
    }),
  )
  .openapi("RequestToPay");

export const payerFiAnswerRequest = z
  .preprocess(
    spelled,
    z.object({
      requestId,
      txnId: z.string().min(1).max(20),
      rtpId,
      billId,
      rtpStatus: z.enum(["00", "01"]),
      rejectReason: z.string().max(20).optional(),
    }),
  )
  .openapi("RequestToPayResponse");

export const cancelRequest = z.preprocess(spelled, z.object({ requestId })).openapi("CancelRequestToPay");

export const voucherForBillRequest = z
  .preprocess(
    spelled,
    z.object({
      requestId,
      billInquiryRequestId: inquiryRequestId,
      billId,
      billDetails: z
        .preprocess(spelled, z.object({ amount: amount.optional(), currency: currency.optional() }))
        .optional(),
      voucherSecretHash: z.string().max(200).optional(),
      voucherSerialNumber: voucherDigits.optional(),
      voucherSecretNumber: voucherDigits.optional(),
    }),
  )
  .openapi("VoucherForBill");

export const reconciledPayment = z.preprocess(
  spelled,
  z.object({
    paymentReferenceID: z.string().min(1).max(16),
    billId,
    amount,
    currency,
  }),
);

export const reconciliationRequest = z
  .preprocess(spelled, z.object({ payments: z.array(reconciledPayment).max(50_000) }))
  .openapi("Reconciliation");

export const billAcknowledgement = z
  .object({
    responseCode: z.literal("00"),
    reason: z.string(),
    requestId: z.string(),
    transactionId: z.string().max(12).optional(),
  })
  .openapi("BillAcknowledgement");

export const requestToPayAcknowledgement = z
  .object({ responseCode: z.literal("00"), responseDescription: z.string(), requestID: z.string() })
  .openapi("RequestToPayAcknowledgement");

export const billUploadAnswer = z
  .object({
    responseCode: z.literal("00"),
    responseDescription: z.string(),
    requestID: z.string(),
    taken: z.number().int(),
    failed: z.array(z.object({ line: z.number().int(), billId: z.string(), reason: z.string() })),
  })
  .openapi("BillsUploaded");

export const requestToPayStatusAnswer = z
  .object({
    rtpId: z.number().int(),
    RequestId: z.string(),
    requestStatus: z.enum(["COM", "PND", "EXP", "CAN", "RJC"]),
    PaymentReferenceID: z.string().optional(),
    lastUpdateDate: z.number().int(),
  })
  .openapi("RequestToPayStatus");

export const voucherForBillAnswer = z
  .object({ RequestID: z.string(), code: z.enum(["00", "01"]), reason: z.string().max(100) })
  .openapi("VoucherForBillAnswer");

export const billersAnswer = z
  .object({
    billers: z.array(
      z.object({
        billerId: z.string(),
        billerName: z.string(),
        prefix: z.string(),
        digits: z.number().int().nullable(),
        checkDigit: z.enum(["none", "luhn", "mod97"]),
        timeZone: z.string(),
      }),
    ),
  })
  .openapi("Billers");

const settledMoney = { currency: z.string(), amount: z.number() };

export const settlementAnswer = z
  .object({
    date: z.string(),
    settlements: z.array(
      z.object({
        billerId: z.string(),
        payer: z.string(),
        means: z.enum(["account", "voucher", "cash"]),
        payments: z.number().int(),
        ...settledMoney,
      }),
    ),
  })
  .openapi("Settlement");

const settledPayment = z.object({
  paymentReferenceID: z.string(),
  billId: z.string(),
  ...settledMoney,
});

export const settledPaymentsAnswer = z
  .object({
    date: z.string(),
    payments: z.array(
      settledPayment.extend({
        billerId: z.string(),
        payer: z.string(),
        means: z.enum(["account", "voucher", "cash"]),
        acknowledgedAt: z.iso.datetime(),
      }),
    ),
  })
  .openapi("SettledPayments");

export const reconciliationAnswer = z
  .object({
    date: z.string(),
    matched: z.number().int(),
    onlyHere: z.array(settledPayment),
    onlyThere: z.array(settledPayment),
    differing: z.array(z.object({ here: settledPayment, there: settledPayment })),
  })
  .openapi("ReconciliationResult");
