/** What a page may send, checked before anything is done with it. */
import { z } from "zod";
import {
  authenticationMethods,
  authenticationResults,
  goods,
  historyStates,
  languages,
  paperWidths,
  roles,
  themes,
} from "../../protocol.ts";
import type { Payloads, RequestName } from "../../protocol.ts";
import { payeePayloads } from "./payee-payloads.ts";
import { billPayloads } from "./bill-payloads.ts";

const text = (most: number) => z.string().max(most);
const file = z.base64().max(2_000_000);
const empty = z.strictObject({});
const wholeNumber = z.int().nonnegative();
const serial = z.string().regex(/^[0-9]{1,25}$/);

const pin = z.string().regex(/^[0-9]{4,12}$/);
const passphrase = text(500).nullable();
const period = z.strictObject({ fromMs: wholeNumber, untilMs: wholeNumber });
const money = {
  amount: z.string().regex(/^[0-9]{1,16}([.][0-9]{1,4})?$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
};
const drawer = z.array(z.strictObject(money)).max(10);

/** What is done once; the other requests have no id. */
const once = { request: z.uuid() };

const order = z
  .strictObject({
    serial: serial.nullable(),
    token: text(1024).nullable(),
    number: z.string().regex(/^[0-9]{16}$/),
    goods: z.enum(goods).optional(),
    authentication: z
      .strictObject({ method: z.enum(authenticationMethods), result: z.enum(authenticationResults) })
      .nullish(),
  })
  .refine((given) => given.serial !== null || given.token !== null, "serial or token is needed");

export const payloads: { readonly [Name in RequestName]: z.ZodType<Payloads[Name]> } = {
  ...payeePayloads,
  ...billPayloads,
  state: empty,
  enrol: z.strictObject({ serverUrl: text(500), code: text(100), passphrase }),
  unlock: z.strictObject({ passphrase }),
  lock: empty,
  "add-passphrase": z.strictObject({ passphrase: text(500), pin: text(12) }),
  "add-cashier": z.strictObject({
    ...once,
    name: z.string().trim().min(1).max(60),
    pin,
    role: z.enum(roles).optional(),
  }),
  "remove-cashier": z.strictObject({ ...once, cashier: wholeNumber }),
  "change-pin": z.strictObject({ ...once, cashier: wholeNumber, oldPin: text(12), newPin: pin }),
  "reset-pin": z.strictObject({
    ...once,
    cashier: wholeNumber,
    newPin: pin,
    passphrase,
    code: text(64).nullable(),
  }),
  touch: empty,
  "sign-in": z.strictObject({ cashier: wholeNumber, pin: text(12) }),
  "sign-out": z.strictObject({ endShift: z.boolean() }),
  "open-cash": z.strictObject({ ...once, cash: drawer }),
  "move-cash": z.strictObject({ ...once, ...money, direction: z.enum(["in", "out"]), note: text(200) }),
  "close-shift": z.strictObject({ ...once, counted: drawer }),
  check: order,
  redeem: order.safeExtend(once),
  authenticate: z.strictObject({
    serial,
    identity: z.string().trim().min(1).max(100),
    secret: text(100).nullable(),
  }),
  history: z.strictObject({ search: text(60), state: z.enum(historyStates), before: wholeNumber.nullable() }),
  operation: z.strictObject({ sequence: wholeNumber }),
  totals: period,
  shifts: period,
  disputes: empty,
  appeal: z.strictObject({ sequence: wholeNumber, because: z.string().trim().min(1).max(1000) }),
  evidence: z.strictObject({ sequence: wholeNumber }),
  payouts: z.strictObject({ before: text(200).nullable() }),
  sync: empty,
  leases: z.strictObject({ search: text(25), after: serial.nullable() }),
  reserve: z.strictObject({
    ...once,
    group: z.string().regex(/^[A-Z0-9]{3}$/),
    quantity: z.int().min(1).max(500),
  }),
  release: z.strictObject({ ...once, serial }),
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
  "quit-check": empty,
  practice: z.strictObject({ on: z.boolean(), fresh: z.boolean() }),
  "practice-vouchers": empty,
  "practice-bills": empty,
};
