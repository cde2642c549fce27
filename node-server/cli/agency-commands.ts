/** Commands about institutions that disburse: their terms and money, their bank, and who approves for them. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { currencyDecimals, formatMajor, parseMajor } from "#core/money.ts";
import { ed25519Key, signWithTweetnacl } from "#sync/signing/ed25519.ts";
import { publicKeyRefusal } from "#sync/signing/ed25519-strict.ts";
import { fundAgency } from "../ledger/entries.ts";
import { languages } from "../notifications/port.ts";
import type { Language } from "../notifications/port.ts";
import {
  approveSignatory,
  proposeSignatory,
  putDisbursementFee,
  putDisbursementTerms,
  putPayerBank,
  putReceivingInstitution,
  withdrawSignatory,
} from "../postgres/disbursement-admin.ts";
import {
  done,
  keyOf,
  nameOf,
  option,
  refuseUnregistered,
  UsageError,
  wholeNumber,
  words,
} from "./command.ts";
import type { Command } from "./command.ts";
import { basisPointsOf, moneyOf, required } from "./payment-commands.ts";

export const agencyCommands: readonly (readonly [string, Command])[] = [
  [
    "agency terms",
    {
      database: true,
      usage:
        "agency terms INSTITUTION [--payer TEXT] [--bank ID] [--country-code N] [--group CODE] [--days N] [--percent P] [--language L]",
      summary:
        "let an institution disburse: its payer identifier (its own id), the bank that authorises (our own ledger), the calling code of phone numbers without one, the voucher group of payees with vouchers, the days within which the same payment is a duplicate (20), the failure rate that stops a batch (10; 0 for none), and the language of receipts to phone numbers that were paid (none are sent)",
      async run({ pool }, args, options) {
        const [institutionId] = words(this.usage, args, 1);
        const percent = option(options, "percent") ?? "10";
        const days = option(options, "days") ?? "20";
        await putDisbursementTerms(pool, {
          institutionId,
          payerBank: option(options, "bank"),
          payerIdentifier: option(options, "payer") ?? institutionId,
          countryCode: countryCodeOf(option(options, "country-code")),
          voucherGroup: option(options, "group"),
          duplicateDays: days === "0" ? 0 : wholeNumber(days, "--days"),
          receiptLanguage: languageOf(option(options, "language")),
          mostFailedPercent: percent === "0" ? null : wholeNumber(percent, "--percent"),
        }).catch(refuseUnregistered);
        return done(`${institutionId} may disburse. Its batches need a signatory: signatory propose.`, {
          institutionId,
        });
      },
    },
  ],
  [
    "agency fund",
    {
      database: true,
      usage: "agency fund INSTITUTION AMOUNT CURRENCY --reference TEXT",
      summary: "book money that a disbursing institution paid in; one reference is booked once",
      async run({ store }, args, options) {
        const [institutionId, amount, currency] = words(this.usage, args, 3);
        const reference = required(this.usage, options, "reference");
        const money = moneyOf(amount, currency);
        const booked = await store.transaction(async (tx) => {
          if (!(await tx.disbursements.terms(institutionId)))
            throw new UsageError(`${institutionId} does not disburse yet; see agency terms`);
          await tx.audit.record({
            actor: "operator",
            action: "agency.fund",
            subject: `institution:${institutionId}`,
            after: { amount, currency, reference },
          });
          return tx.ledger.post(fundAgency(reference, institutionId, money));
        });
        const text = booked
          ? `${formatMajor(money)} ${currency} are booked for ${institutionId}.`
          : `The reference ${reference} was booked before; nothing was booked now.`;
        return done(text, { booked });
      },
    },
  ],
  [
    "agency fee",
    {
      database: true,
      usage: "agency fee INSTITUTION CURRENCY [--fixed AMOUNT] [--percent P]",
      summary: "what each payment costs the institution from now on, on top of its amount",
      async run({ pool }, args, options) {
        const [institutionId, currency] = words(this.usage, args, 2);
        if (currencyDecimals(currency) === undefined) throw new UsageError(`${currency} is no currency`);
        const fixed = parseMajor(option(options, "fixed") ?? "0", currency);
        if (!fixed.ok) throw new UsageError(`--fixed: ${fixed.refusal.code}`);
        const basisPoints = basisPointsOf(option(options, "percent") ?? "0");
        const fixedMinor = fixed.money.amountMinor;
        await putDisbursementFee(pool, { institutionId, currency, fixedMinor, basisPoints }).catch(
          refuseUnregistered,
        );
        return done(`Fees of ${institutionId} in ${currency} are set.`, { institutionId, currency });
      },
    },
  ],
  [
    "bank add",
    {
      database: true,
      usage: "bank add INSTITUTION URL",
      summary: "an institution that is asked, at this URL, whether its customers' money covers a batch",
      async run({ pool }, args) {
        const [institutionId, url] = words(this.usage, args, 2);
        if (!["http:", "https:"].includes(URL.parse(url)?.protocol ?? ""))
          throw new UsageError(`${url} is no URL such as https://bank.example/payments`);
        await putPayerBank(pool, { institutionId, url }).catch(refuseUnregistered);
        return done(`${institutionId} is asked as a payer bank at ${url}.`, { institutionId, url });
      },
    },
  ],
  [
    "receiver add",
    {
      database: true,
      usage:
        "receiver add ID NAME --rail bank|non-bank --gateway ledger|mobile-money|bank [--url URL] [--per-second N] [--default KIND,KIND]",
      summary:
        "register an institution that keeps payees' money, how it is paid and how many payments it takes in a second; --default names kinds of addresses (msisdn, iban, account, wallet, proxy) that go there when no institution is named",
      async run({ pool }, args, options) {
        const [id, name] = words(this.usage, args, 2);
        const rail = oneOf(required(this.usage, options, "rail"), ["bank", "non-bank"], "--rail");
        const gateway = oneOf(
          required(this.usage, options, "gateway"),
          ["ledger", "mobile-money", "bank"],
          "--gateway",
        );
        const url = option(options, "url");
        if ((gateway === "ledger") !== (url === null))
          throw new UsageError("--url is needed for the gateways mobile-money and bank, and only there");
        const perSecond = option(options, "per-second");
        await putReceivingInstitution(pool, {
          id,
          name,
          rail,
          gateway,
          url,
          perSecond: perSecond === null ? null : wholeNumber(perSecond, "--per-second"),
          defaultFor: (option(options, "default") ?? "")
            .split(",")
            .filter((kind) => kind !== "")
            .map((kind) => oneOf(kind, ["msisdn", "iban", "account", "wallet", "proxy"], "--default")),
        });
        return done(`Payments to ${id} go by ${gateway}.`, { id, rail, gateway });
      },
    },
  ],
  [
    "signatory propose",
    {
      database: true,
      usage: "signatory propose INSTITUTION NAME --key BASE64 --by NAME",
      summary: "propose who approves an institution's batches, and with which key; somebody else confirms it",
      async run({ pool }, args, options) {
        const [institutionId, name] = words(this.usage, args, 2);
        const publicKey = keyOf(required(this.usage, options, "key"));
        if (publicKeyRefusal(publicKey)) throw new UsageError("The key is no Ed25519 public key");
        const by = nameOf(this.usage, options);
        await proposeSignatory(pool, { institutionId, name, publicKey, by }).catch(refuseUnregistered);
        return done(`Proposed. ${name} approves nothing until somebody other than ${by} confirms it.`, {
          institutionId,
          name,
        });
      },
    },
  ],
  [
    "signatory approve",
    {
      database: true,
      usage: "signatory approve INSTITUTION NAME --by NAME",
      summary: "confirm a signatory whom somebody else proposed",
      async run({ pool }, args, options) {
        const [institutionId, name] = words(this.usage, args, 2);
        const by = nameOf(this.usage, options);
        const outcome = await approveSignatory(pool, { institutionId, name, by });
        if (outcome === "not-proposed") throw new UsageError("There is no such proposal that waits");
        if (outcome === "same-person")
          throw new UsageError(`${by} proposed it, so somebody else must confirm it`);
        return done(`${name} now approves batches of ${institutionId}.`, { institutionId, name });
      },
    },
  ],
  [
    "signatory withdraw",
    {
      database: true,
      usage: "signatory withdraw INSTITUTION NAME --by NAME",
      summary: "take a signatory away at once",
      async run({ pool }, args, options) {
        const [institutionId, name] = words(this.usage, args, 2);
        const by = nameOf(this.usage, options);
        if (!(await withdrawSignatory(pool, { institutionId, name, by })))
          throw new UsageError("There is no such signatory");
        return done(`${name} no longer approves batches of ${institutionId}.`, { institutionId, name });
      },
    },
  ],
  [
    "signatory key",
    {
      database: false,
      usage: "signatory key",
      summary: "make a signatory's key pair: keep the secret one, give the public one to the operators",
      run() {
        const secretKey = randomBytes(32);
        const pair = {
          secretKey: secretKey.toString("base64"),
          publicKey: Buffer.from(ed25519Key(new Uint8Array(secretKey)).publicKey).toString("base64"),
        };
        return done(`secret key  ${pair.secretKey}\npublic key  ${pair.publicKey}`, pair);
      },
    },
  ],
  [
    "signatory sign",
    {
      database: false,
      usage: "signatory sign FILE",
      summary:
        "sign the text of a batch (toSign of GET /batches/{id}/approval) with the secret key in PAYPOST_APPROVAL_KEY",
      async run(args) {
        const [file] = words(this.usage, args, 1);
        const secret = process.env["PAYPOST_APPROVAL_KEY"];
        if (secret === undefined)
          throw new UsageError("Put the signatory's secret key into PAYPOST_APPROVAL_KEY");
        const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
          throw new UsageError(`${file} cannot be read: ${error.code}`);
        });
        if (!text.toString().startsWith("paypost/1/batch-approval\n"))
          throw new UsageError(`${file} is not the text of a batch to approve`);
        const signature = signWithTweetnacl(ed25519Key(keyOf(secret)), new Uint8Array(text));
        const encoded = Buffer.from(signature).toString("base64");
        return done(encoded, { signature: encoded });
      },
    },
  ],
];

function oneOf<const T extends string>(text: string, known: readonly T[], name: string): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`${name} must be one of ${known.join(", ")}, not ${text}`);
  return found;
}

function languageOf(text: string | null): Language | null {
  if (text === null) return null;
  const language = languages.find((one) => one === text);
  if (!language)
    throw new UsageError(`${text} is no language of receipts; there are ${languages.join(", ")}`);
  return language;
}

function countryCodeOf(text: string | null): string | null {
  if (text !== null && !/^[1-9][0-9]{0,2}$/.test(text))
    throw new UsageError(`${text} is no calling code such as 254`);
  return text;
}
