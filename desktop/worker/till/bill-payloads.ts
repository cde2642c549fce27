/** What a page may send about bills, checked before anything is done with it. */
import { z } from "zod";
import { billHistoryStates } from "../../protocol.ts";
import type { BillPayloads } from "../../protocol.ts";

const wholeNumber = z.int().nonnegative();
const billId = z.string().regex(/^[0-9A-Za-z-]{1,20}$/);
const request = z.uuid();

const voucher = z
  .strictObject({
    serial: z
      .string()
      .regex(/^[0-9]{1,25}$/)
      .nullable(),
    token: z.string().max(1024).nullable(),
    number: z.string().regex(/^[0-9]{16}$/),
  })
  .refine((given) => given.serial !== null || given.token !== null, "serial or token is needed")
  .nullable();

export const billPayloads: { readonly [Name in keyof BillPayloads]: z.ZodType<BillPayloads[Name]> } = {
  "bill-desk": z.strictObject({}),
  "find-bills": z.strictObject({ search: z.string().max(60) }),
  bill: z.strictObject({ billId }),
  "check-bill": z.strictObject({ billId, voucher }),
  "pay-bill": z.strictObject({
    request,
    billId,
    voucher,
    amount: z.string().regex(/^[0-9]{1,16}([.][0-9]{1,4})?$/),
    currency: z.string().regex(/^[A-Z]{3}$/),
  }),
  "bill-payment": z.strictObject({ sequence: wholeNumber }),
  "bill-history": z.strictObject({
    search: z.string().max(60),
    state: z.enum(billHistoryStates),
    before: wholeNumber.nullable(),
  }),
  "bill-totals": z.strictObject({ fromMs: wholeNumber, untilMs: wholeNumber }),
  "bill-refunds": z.strictObject({}),
  "refund-bill": z.strictObject({ request, sequence: wholeNumber }),
};
