/** What a page may send about payees, checked before anything is done with it. */
import { z } from "zod";
import { payeeModalities } from "../../protocol.ts";
import type { PayeePayloads } from "../../protocol.ts";

const named = {
  request: z.uuid(),
  programme: z.string().trim().min(1).max(20),
  identity: z.string().trim().min(1).max(64),
};

export const payeePayloads: { readonly [Name in keyof PayeePayloads]: z.ZodType<PayeePayloads[Name]> } = {
  "payee-desk": z.strictObject({}),
  "look-up-payee": z.strictObject({ ...named, reason: z.string().trim().min(1).max(200).nullable() }),
  "change-payee": z.strictObject({
    ...named,
    what: z.enum(["register", "update"]),
    modality: z.enum(payeeModalities).nullable(),
    institutionCode: z.string().trim().min(1).max(64).nullable(),
    address: z.string().trim().min(1).max(64).nullable(),
    area: z.string().trim().min(1).max(50).nullable(),
    active: z.boolean().nullable(),
  }),
  "payee-operations": z.strictObject({ before: z.int().nonnegative().nullable() }),
};
