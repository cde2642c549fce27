/** Commands about billers and payer FIs: proposed by one person and approved by another (docs/bills.md). */
import { checkDigits } from "#core/bill.ts";
import type { CheckDigit } from "#core/bill.ts";
import { isTimeZone } from "#core/local-date.ts";
import { createAddresses } from "../addresses.ts";
import { aliasIndex } from "../bills/payer-address.ts";
import { aliasTypes, rejectReasons } from "../ports/bill-rows.ts";
import type { AliasType, BillerRow, PayerFiRow } from "../ports/bill-rows.ts";
import {
  approveOnboarding,
  listBillers,
  listPayerFis,
  openProposals,
  proposeOnboarding,
  putPayerAlias,
  withdrawOnboarding,
} from "../postgres/biller-admin.ts";
import type { Onboarding, ProposalEnd } from "../postgres/biller-admin.ts";
import { done, nameOf, option, refuseUnregistered, UsageError, wholeNumber, words } from "./command.ts";
import type { Command, CommandContext, CommandResult, Options } from "./command.ts";
import { table } from "./table.ts";

export const billerCommands: readonly (readonly [string, Command])[] = [
  [
    "biller propose",
    {
      database: true,
      usage:
        "biller propose ID NAME PREFIX --endpoint URL --zone AREA/CITY --by NAME [--digits N] [--check-digit luhn|mod97] [--ask] [--answer-seconds N] [--account TEXT] [--codes OWN=ACK,OWN=Def…] [--accepts GROUP,…] [--inactive]",
      summary:
        "propose a biller, or all of it anew: an institution's id (10 characters), what its bill ids begin with, and where it is told of payments; --ask asks it at each inquiry in place of answering from the bills it uploaded",
      async run(context, args, options) {
        const [id, name, prefix] = words(this.usage, args, 3);
        if (id.length > 10) throw new UsageError(`${id} is longer than 10 characters`);
        if (!/^[0-9A-Za-z]{1,10}$/.test(prefix))
          throw new UsageError(`${prefix} is no prefix: use 1 to 10 letters and digits`);
        const change: BillerRow = { id, name, prefix, ...billerTerms(options) };
        if (change.checkDigit !== "none" && change.ownDigits === null)
          throw new UsageError("--check-digit needs --digits: how many digits follow the prefix");
        return propose(context, { kind: "biller", change }, nameOf(this.usage, options));
      },
    },
  ],
  [
    "payer-fi propose",
    {
      database: true,
      usage: "payer-fi propose ID NAME --endpoint URL --by NAME [--bic BIC] [--account TEXT] [--inactive]",
      summary: "propose a payer FI, or all of it anew: an institution's id, and where requests to pay go",
      async run(context, args, options) {
        const [id, name] = words(this.usage, args, 2);
        const bic = option(options, "bic");
        if (bic !== null && !/^[A-Z0-9]{8}([A-Z0-9]{3})?$/.test(bic))
          throw new UsageError(`${bic} is no BIC: 8 or 11 capital letters and digits`);
        const change: PayerFiRow = {
          id,
          name,
          bic,
          endpointUrl: endpointOf(options),
          account: option(options, "account"),
          status: statusOf(options),
        };
        return propose(context, { kind: "payer-fi", change }, nameOf(this.usage, options));
      },
    },
  ],
  linkCommand("link", "propose that a payer FI's customers may pay a biller"),
  linkCommand("unlink", "propose that a payer FI's customers may no longer pay a biller"),
  [
    "onboarding",
    {
      database: true,
      usage: "onboarding",
      summary: "list what is proposed about billers and payer FIs and waits for somebody else's approval",
      async run({ pool }) {
        const proposals = await openProposals(pool);
        const rows = proposals.map((proposal) => [
          proposal.id,
          proposal.kind,
          proposal.subject,
          proposal.proposedBy,
          proposal.proposedAt.toISOString(),
          JSON.stringify(proposal.change),
        ]);
        return done(table(["id", "what", "subject", "by", "at", "change"], rows), proposals);
      },
    },
  ],
  [
    "onboarding approve",
    {
      database: true,
      usage: "onboarding approve ID --by NAME",
      summary: "carry out what somebody else has proposed",
      async run({ pool }, args, options) {
        const [id] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        const end = await approveOnboarding(pool, idOf(id), by).catch(refuseBroken);
        return ended(end, id, "is approved");
      },
    },
  ],
  [
    "onboarding withdraw",
    {
      database: true,
      usage: "onboarding withdraw ID --by NAME",
      summary: "take a proposal back",
      async run({ pool }, args, options) {
        const [id] = words(this.usage, args, 1);
        const end = await withdrawOnboarding(pool, idOf(id), nameOf(this.usage, options));
        return ended(end, id, "is withdrawn");
      },
    },
  ],
  [
    "billers",
    {
      database: true,
      usage: "billers",
      summary: "list the billers, and the payer FIs whose customers may pay them",
      async run({ pool }) {
        const billers = await listBillers(pool);
        const rows = billers.map((biller) => [
          biller.id,
          biller.name,
          biller.prefix,
          biller.inquiry,
          biller.timeZone,
          biller.status,
          biller.payerFis.join(", "),
        ]);
        return done(table(["id", "name", "prefix", "inquiry", "zone", "status", "payer FIs"], rows), billers);
      },
    },
  ],
  [
    "payer-fis",
    {
      database: true,
      usage: "payer-fis",
      summary: "list the payer FIs",
      async run({ pool }) {
        const payerFis = await listPayerFis(pool);
        const rows = payerFis.map(({ id, name, bic, endpointUrl, status }) => [
          id,
          name,
          bic ?? "",
          endpointUrl,
          status,
        ]);
        return done(table(["id", "name", "bic", "endpoint", "status"], rows), payerFis);
      },
    },
  ],
  [
    "payer-alias put",
    {
      database: true,
      usage: "payer-alias put 00|01|02 ALIAS PAYER-FI ADDRESS --by NAME",
      summary:
        "say whose customer has a national id (00), phone (01) or e-mail (02), so that requests to pay find it; kept as a keyed index and a sealed address",
      async run({ pool, loadKeys, randomBytes }, args, options) {
        const [type, id, payerFiId, address] = words(this.usage, args, 4);
        if (!isAliasType(type)) throw new UsageError(`${type} is none of 00, 01 and 02`);
        const by = nameOf(this.usage, options);
        const addresses = createAddresses((await loadKeys()).keys.addressKey, randomBytes);
        const alias = {
          type,
          index: aliasIndex(addresses, { type, id }),
          payerFiId,
          sealedAddress: addresses.ofPayers.seal(address),
        };
        await putPayerAlias(pool, alias, by).catch(refuseUnregistered);
        return done(`The alias leads to ${payerFiId}.`, { payerFiId });
      },
    },
  ],
];

function linkCommand(kind: "link" | "unlink", summary: string): readonly [string, Command] {
  return [
    `biller ${kind}`,
    {
      database: true,
      usage: `biller ${kind} BILLER PAYER-FI --by NAME`,
      summary,
      run(context, args, options) {
        const [billerId, payerFiId] = words(this.usage, args, 2);
        return propose(context, { kind, change: { billerId, payerFiId } }, nameOf(this.usage, options));
      },
    },
  ];
}

async function propose({ pool }: CommandContext, onboarding: Onboarding, by: string): Promise<CommandResult> {
  const id = await proposeOnboarding(pool, onboarding, by);
  if (id === undefined)
    throw new UsageError("Something is proposed about it already: see onboarding, and withdraw that first");
  return done(`Proposed as ${id}. It is carried out once somebody other than you approves it.`, { id });
}

function billerTerms(options: Options): Omit<BillerRow, "id" | "name" | "prefix"> {
  const timeZone = option(options, "zone");
  if (timeZone === null || !isTimeZone(timeZone))
    throw new UsageError("--zone must be a time zone such as Africa/Nairobi");
  const digits = option(options, "digits");
  return {
    ownDigits: digits === null ? null : wholeNumber(digits, "--digits"),
    checkDigit: checkDigitOf(option(options, "check-digit") ?? "none"),
    endpointUrl: endpointOf(options),
    inquiry: options["ask"] === true ? "asked" : "stored",
    answerSeconds: wholeNumber(option(options, "answer-seconds") ?? "30", "--answer-seconds"),
    timeZone,
    account: option(options, "account"),
    codes: codesOf(option(options, "codes") ?? ""),
    voucherGroups: (option(options, "accepts") ?? "").split(",").filter((code) => code !== ""),
    status: statusOf(options),
  };
}

function codesOf(text: string): BillerRow["codes"] {
  const pairs = text.split(",").filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [own = "", ours = ""] = pair.split("=");
      const meaning = (["ACK", ...rejectReasons] as const).find((known) => known === ours);
      if (own === "" || !meaning)
        throw new UsageError(`${pair}: write the biller's own code, =, and ACK, Def, Dup or Und`);
      return [own, meaning] as const;
    }),
  );
}

function endpointOf(options: Options): string {
  const url = URL.parse(option(options, "endpoint") ?? "");
  if (!url || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "")
    throw new UsageError("--endpoint must be an http or https URL, without a query");
  return url.href.replace(/\/+$/, "");
}

function statusOf(options: Options): "active" | "inactive" {
  return options["inactive"] === true ? "inactive" : "active";
}

function checkDigitOf(text: string): CheckDigit {
  const known = checkDigits.find((kind) => kind === text);
  if (!known) throw new UsageError(`${text} is none of ${checkDigits.join(", ")}`);
  return known;
}

function isAliasType(text: string): text is AliasType {
  return (aliasTypes as readonly string[]).includes(text);
}

function idOf(text: string): bigint {
  if (!/^[1-9][0-9]{0,17}$/.test(text)) throw new UsageError(`${text} is no id; see onboarding`);
  return BigInt(text);
}

function ended(end: ProposalEnd, id: string, text: string): CommandResult {
  if (end === "same-person") throw new UsageError("Whoever proposed it may not approve it");
  if (end === "not-proposed") throw new UsageError(`There is no open proposal ${id}; see onboarding`);
  return done(`Proposal ${id} ${text}.`, { id });
}

/** What the database refuses of an approved change, in words. */
function refuseBroken(error: unknown): never {
  if (error instanceof Error && "constraint" in error) {
    if (error.constraint === "biller_prefix_is_its_own")
      throw new UsageError("The prefix begins another biller's prefix, or is begun by one");
    if (error.constraint === "payer_fis_bic_key") throw new UsageError("Another payer FI has this BIC");
  }
  return refuseUnregistered(error);
}
