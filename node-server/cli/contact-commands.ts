/** Commands about whom the server tells what. */
import { languages } from "../notifications/port.ts";
import type { Contact } from "../notifications/port.ts";
import {
  listNotifications,
  putMerchantContact,
  putPayeeContact,
  resendNotifications,
} from "../postgres/contact-admin.ts";
import { done, nameOf, option, refuseUnregistered, UsageError, words } from "./command.ts";
import type { Command, Options } from "./command.ts";
import { table } from "./table.ts";

const how = `--sms NUMBER | --email ADDRESS [--language ${languages.join("|")}]`;

export const contactCommands: readonly (readonly [string, Command])[] = [
  [
    "contact merchant",
    {
      database: true,
      usage: `contact merchant MERCHANT ${how}`,
      summary: "where a merchant is told of what it was paid",
      async run({ pool }, args, options) {
        const [merchantId] = words(this.usage, args, 1);
        await putMerchantContact(pool, merchantId, contactOf(this.usage, options)).catch(refuseUnregistered);
        return done(`${merchantId} is told of what it is paid.`, { merchantId });
      },
    },
  ],
  [
    "contact payee",
    {
      database: true,
      usage: `contact payee INSTITUTION PAYEE-FUNCTIONAL-ID ${how}`,
      summary: "where a beneficiary gets the receipt of a redeemed voucher",
      async run({ pool }, args, options) {
        const [institutionId, payeeFunctionalId] = words(this.usage, args, 2);
        const payee = { institutionId, payeeFunctionalId };
        await putPayeeContact(pool, payee, contactOf(this.usage, options)).catch(refuseUnregistered);
        return done(`${payeeFunctionalId} gets receipts.`, payee);
      },
    },
  ],
  [
    "notifications resend",
    {
      database: true,
      usage: "notifications resend ID|--all --by NAME",
      summary: "send a notification, or all that have failed, once more",
      async run({ pool }, args, options) {
        const [id = ""] = args;
        const all = options["all"] === true;
        if (!all && !/^[0-9]{1,18}$/.test(id)) throw new UsageError(`Usage: paypost ${this.usage}`);
        const by = nameOf(this.usage, options);
        const count = await resendNotifications(pool, all ? "failed" : BigInt(id), by);
        if (count === 0 && !all)
          throw new UsageError(`There is no notification ${id}, or its address was erased`);
        return done(`${count} will be sent within a minute.`, { count });
      },
    },
  ],
  [
    "notifications",
    {
      database: true,
      usage: "notifications [--all]",
      summary: "list notifications that were not sent yet, and why; --all shows sent ones too",
      async run({ pool }, _args, options) {
        const notifications = await listNotifications(pool, options["all"] === true);
        const rows = notifications.map((row) => [
          row.id,
          row.kind,
          row.subject,
          row.channel,
          row.state,
          row.tries,
          row.lastError ?? "",
        ]);
        const head = ["id", "kind", "about", "channel", "state", "tries", "error"];
        return done(table(head, rows), notifications);
      },
    },
  ],
];

function contactOf(usage: string, options: Options): Contact {
  const sms = option(options, "sms");
  const email = option(options, "email");
  if ((sms === null) === (email === null)) throw new UsageError(`Usage: paypost ${usage}`);
  const given = option(options, "language") ?? "en";
  const language = languages.find((known) => known === given);
  if (!language) throw new UsageError(`${given} is not offered; there are ${languages.join(", ")}`);
  if (sms !== null && !/^\+[0-9]{7,15}$/.test(sms))
    throw new UsageError(`${sms} is no number: write it with its country, such as +254700000000`);
  if (email !== null && !/^[^@\s]+@[^@\s]+$/.test(email)) throw new UsageError(`${email} is no address`);
  return sms === null
    ? { channel: "email", address: email ?? "", language }
    : { channel: "sms", address: sms, language };
}
