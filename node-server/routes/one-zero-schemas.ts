/**
 * Requests and answers of the 1.0 voucher calls, as zod schemas. A field of a wrong kind counts as missing: each has a
 * status of its own, which the decision behind it gives.
 */
import { z } from "@hono/zod-openapi";

const text = z.string().nullable().catch(null).openapi({ type: "string" });

/** Digits as text or as a JSON integer; what is neither counts as missing. */
const digits = z
  .union([z.string(), z.number().int().nonnegative().transform(String)])
  .nullable()
  .catch(null);

const serialDigits = digits.openapi({ type: ["string", "integer"], example: 42 });
const buildingBlock = text.openapi({ description: "Id or registered name of the calling institution" });

export const preactivationRequest = z
  .object({
    voucher_amount: text.openapi({
      pattern: "^(0|[1-9][0-9]{0,17})(\\.[0-9]{0,3}[0-9])?$",
      example: "12.50",
    }),
    voucher_currency: text.openapi({ example: "USD" }),
    voucher_group: text.openapi({ description: "Name or code of the voucher group" }),
    Gov_Stack_BB: buildingBlock,
    voucher_comment: z.string().max(200).nullish(),
  })
  .openapi("VoucherPreactivation", {
    required: ["voucher_amount", "voucher_currency", "voucher_group", "Gov_Stack_BB"],
  });

export const activationRequest = z
  .object({ voucher_serial_number: serialDigits, Gov_Stack_BB: buildingBlock })
  .openapi("VoucherActivation", { required: ["voucher_serial_number", "Gov_Stack_BB"] });

export const redemptionRequest = z
  .object({
    voucher_number: digits.openapi({ type: ["string", "integer"] }),
    Gov_Stack_BB: buildingBlock,
    merchant_name: text,
    merchant_bank_details: text.openapi({
      description: "Name or id of the merchant's financial service provider, or its account there",
    }),
    merchant_voucher_group: text,
    override: z
      .union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")])
      .nullish()
      .openapi({ type: "boolean" }),
  })
  .openapi("VoucherRedemption", {
    required: ["voucher_number", "Gov_Stack_BB", "merchant_name", "merchant_bank_details"],
  });

/** Here a missing field is a malformed body. */
export const cancelRequest = z
  .object({
    voucherserialnumber: z
      .union(
        [z.string().min(1), z.number().int().nonnegative().transform(String)],
        "must be given, as digits",
      )
      .openapi({ type: ["string", "integer"], example: 42 }),
    Gov_Stack_BB: z.string("must be given").min(1, "must be given"),
  })
  .openapi("VoucherCancellation");

export const preactivationAnswer = z
  .object({
    voucher_number: z.string().min(16).max(25),
    voucher_serial_number: z.string().min(16).max(25),
    expiry_date_time: z.iso.datetime(),
  })
  .openapi("PreactivatedVoucher");

export const resultAnswer = z.object({ result_status: z.string() }).openapi("ResultStatus");

export const messageAnswer = z.object({ message: z.string() }).openapi("Message");

export const statusCheckAnswer = z
  .object({
    voucher_status: z.enum([
      "Not Pre-Activated",
      "Pre-Activated",
      "Activated",
      "Suspended",
      "Blocked",
      "Purged",
      "Not Existing",
    ]),
    voucher_amount: z.string(),
  })
  .openapi("VoucherStatusCheck");
