/** What a caller may say of one payee, in a request's list and in a line of a file alike. */
import { z } from "@hono/zod-openapi";
import { modalities } from "#core/payee-addresses.ts";
import type { MapperItem } from "../ports/mapper.ts";
import { emptyItem } from "./accept-request.ts";

export const payeeIdentity = z.string().min(1).max(20).openapi({ example: "ID-4711" });

export const paymentModality = z.enum(modalities).openapi({
  description: "00 bank account, 01 mobile money, 02 voucher, 03 digital wallet, 04 proxy",
  example: "00",
});

export const financialAddress = z.string().min(1).max(34).openapi({ example: "NL87ABNA4193835510" });

export const activation = z.enum(["0", "1"]).openapi({ description: "0 inactive, 1 active" });

/** The modality part, and what is ours beside it. */
export const payeeItem = z.object({
  payeeIdentity,
  paymentModality: paymentModality.optional(),
  bankingInstitutionCode: z.string().min(1).max(11).optional(),
  financialAddress: financialAddress.optional(),
  status: activation.optional(),
  preferred: z.boolean().optional(),
  replaces: financialAddress
    .optional()
    .openapi({ description: "The address that is replaced, where several may be meant" }),
  area: z.string().min(1).max(50).optional(),
});

export function itemOf(payee: z.infer<typeof payeeItem>, line: number): MapperItem {
  return {
    ...emptyItem,
    line,
    payeeIdentity: payee.payeeIdentity,
    modality: payee.paymentModality ?? null,
    institutionCode: payee.bankingInstitutionCode ?? null,
    address: payee.financialAddress ?? null,
    replaces: payee.replaces ?? null,
    area: payee.area ?? null,
    active: payee.status === undefined ? null : payee.status === "1",
    prefer: payee.preferred ?? null,
  };
}
