/** What a page may send, checked before anything is done with it. */
import { z } from "zod";
import { historyStates, languages, paperWidths, themes } from "../../protocol.ts";
import type { Payloads, RequestName } from "../../protocol.ts";

const text = (most: number) => z.string().max(most);
const file = z.base64().max(2_000_000);
const empty = z.strictObject({});
const wholeNumber = z.int().nonnegative();
const serial = z.string().regex(/^[0-9]{1,25}$/);

const voucher = z
  .strictObject({
    serial: serial.nullable(),
    token: text(1024).nullable(),
    number: z.string().regex(/^[0-9]{16}$/),
  })
  .refine((given) => given.serial !== null || given.token !== null, "serial or token is needed");

export const payloads: { readonly [Name in RequestName]: z.ZodType<Payloads[Name]> } = {
  state: empty,
  enrol: z.strictObject({ serverUrl: text(500), code: text(100), passphrase: text(500) }),
  unlock: z.strictObject({ passphrase: text(500) }),
  lock: empty,
  "add-cashier": z.strictObject({
    name: z.string().trim().min(1).max(60),
    pin: z.string().regex(/^[0-9]{4,12}$/),
  }),
  "sign-in": z.strictObject({ cashier: wholeNumber, pin: text(12) }),
  "sign-out": z.strictObject({ endShift: z.boolean() }),
  check: voucher,
  redeem: voucher,
  history: z.strictObject({ search: text(60), state: z.enum(historyStates), before: wholeNumber.nullable() }),
  operation: z.strictObject({ sequence: wholeNumber }),
  totals: z.strictObject({ fromMs: wholeNumber, untilMs: wholeNumber }),
  sync: empty,
  leases: z.strictObject({ search: text(25), after: serial.nullable() }),
  reserve: z.strictObject({ group: z.string().regex(/^[A-Z0-9]{3}$/), quantity: z.int().min(1).max(500) }),
  release: z.strictObject({ serial }),
  export: empty,
  import: z.strictObject({ file }),
  "hand-in": z.strictObject({ file }),
  receipt: z.strictObject({ sequence: wholeNumber }),
  settings: z.strictObject({
    language: z.enum(languages).nullable(),
    theme: z.enum(themes),
    paper: z.enum(paperWidths),
    lockAfterMinutes: z.int().min(1).max(120),
    bytesPerDay: z.int().min(50_000).nullable(),
    onRequest: z.boolean(),
  }),
};
