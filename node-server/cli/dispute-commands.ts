/** Commands about disputes, and about the money that they are paid out of. */
import { writeFile } from "node:fs/promises";
import { currencyDecimals, formatMajor, parseMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { appeal, decide, proposeVerdict, withdrawVerdict } from "../disputes/disputes.ts";
import type { DisputeName, DisputeOutcome, DisputeRefusal } from "../disputes/disputes.ts";
import { evidenceOf } from "../disputes/evidence.ts";
import { fundGuarantee } from "../ledger/entries.ts";
import type { DisputeVerdict } from "../ports/store.ts";
import { listDisputes } from "../postgres/dispute-admin.ts";
import { done, nameOf, option, UsageError, words } from "./command.ts";
import type { Command, CommandContext } from "./command.ts";
import { table } from "./table.ts";

export const disputeCommands: readonly (readonly [string, Command])[] = [
  [
    "disputes",
    {
      database: true,
      usage: "disputes [--all]",
      summary:
        "list the disputes that have not ended: merchants whose goods are given and whose voucher another was paid for",
      async run({ pool }, _args, options) {
        const disputes = await listDisputes(pool, { all: options["all"] === true });
        const rows = disputes.map((dispute) => [
          dispute.hash.toString("hex").slice(0, 12),
          dispute.merchantId,
          formatSerial(dispute.serial),
          `${formatMajor(dispute)} ${dispute.currency}`,
          formatMajor({ amountMinor: dispute.guaranteedMinor, currency: dispute.currency }),
          dispute.reason,
          dispute.state,
          dispute.verdict === null ? "" : `${dispute.verdict}, by ${dispute.proposedBy}: ${dispute.because}`,
          dispute.appeal ?? "",
        ]);
        const head = [
          "hash",
          "merchant",
          "serial",
          "amount",
          "guaranteed",
          "reason",
          "state",
          "proposed",
          "appeal",
        ];
        const data = disputes.map(({ hash, evidence, ...dispute }) => ({
          ...dispute,
          hash: hash.toString("hex"),
          evidence: evidence?.toString("hex") ?? null,
        }));
        return done(table(head, rows), data);
      },
    },
  ],
  [
    "dispute propose",
    {
      database: true,
      usage: "dispute propose HASH pay|refuse|write-off --because TEXT --by NAME",
      summary: "propose how a dispute ends; `pay` pays what is guaranteed; somebody else must decide",
      async run(context, args, options) {
        const [text, verdict] = words(this.usage, args, 2);
        const because = option(options, "because")?.trim();
        if (!isVerdict(verdict) || !because) throw new UsageError(`Usage: paypost ${this.usage}`);
        const by = nameOf(this.usage, options);
        const name = await disputeOf(context, text);
        const outcome = await proposeVerdict(context.store, name, { verdict, because, by });
        return told(outcome, "Proposed. It is carried out once somebody other than you decides it.");
      },
    },
  ],
  [
    "dispute decide",
    {
      database: true,
      usage: "dispute decide HASH --by NAME",
      summary: "carry out what somebody else has proposed about a dispute",
      async run(context, args, options) {
        const [text] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        return told(await decide(context.store, await disputeOf(context, text), by), "Decided.");
      },
    },
  ],
  [
    "dispute withdraw",
    {
      database: true,
      usage: "dispute withdraw HASH --by NAME",
      summary: "take back what was proposed about a dispute",
      async run(context, args, options) {
        const [text] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        return told(await withdrawVerdict(context.store, await disputeOf(context, text), by), "Withdrawn.");
      },
    },
  ],
  [
    "dispute appeal",
    {
      database: true,
      usage: "dispute appeal HASH --because TEXT --by NAME",
      summary: "the merchant does not accept a refusal: once, and others decide",
      async run(context, args, options) {
        const [text] = words(this.usage, args, 1);
        const because = option(options, "because")?.trim();
        if (!because) throw new UsageError(`Usage: paypost ${this.usage}`);
        const by = nameOf(this.usage, options);
        const outcome = await appeal(
          context.store,
          await disputeOf(context, text),
          because,
          `operator:${by}`,
        );
        return told(
          outcome,
          "Appealed. Somebody proposes again, and somebody who has not decided it before decides.",
        );
      },
    },
  ],
  [
    "dispute evidence",
    {
      database: true,
      usage: "dispute evidence HASH FILE",
      summary:
        "write the signed evidence of a dispute into a new file, which `npm run verify` checks anywhere",
      async run(context, args) {
        const [text, path] = words(this.usage, args, 2);
        const name = await disputeOf(context, text);
        const evidence = await context.asServer((server) => evidenceOf(server, name));
        if (!evidence) throw new UsageError(`There is no dispute ${text}`);
        await writeFile(path, evidence, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
          throw new UsageError(
            error.code === "EEXIST" ? `${path} is there already` : `${path}: ${error.message}`,
          );
        });
        return done(`Wrote ${path}.`, { file: path });
      },
    },
  ],
  [
    "guarantee fund",
    {
      database: true,
      usage: "guarantee fund CODE AMOUNT CURRENCY --reference TEXT",
      summary: "book money out of which a group's disputes are paid; one reference is booked once",
      async run({ store }, args, options) {
        const [code, amount, currency] = words(this.usage, args, 3);
        const reference = option(options, "reference")?.trim();
        if (!reference) throw new UsageError(`Usage: paypost ${this.usage}`);
        if (currencyDecimals(currency) === undefined) throw new UsageError(`${currency} is no currency`);
        const parsed = parseMajor(amount, currency);
        if (!parsed.ok || parsed.money.amountMinor <= 0n)
          throw new UsageError(`${amount} is no amount in ${currency}`);
        const { money } = parsed;
        const isNew = await store.transaction(async (tx) => {
          if (!(await tx.registry.voucherGroup(code)))
            throw new UsageError(`There is no voucher group ${code}`);
          return tx.ledger.post(fundGuarantee(reference, code, money));
        });
        const text = isNew
          ? `${formatMajor(money)} ${currency} are booked for the disputes of ${code}.`
          : `The reference ${reference} was booked before; nothing was booked again.`;
        return done(text, { code, booked: isNew });
      },
    },
  ],
];

async function disputeOf({ pool }: CommandContext, text: string): Promise<DisputeName> {
  if (!/^[0-9a-f]{8,64}$/.test(text))
    throw new UsageError("HASH is at least its first eight characters, as `disputes` shows them");
  const [found, another] = await listDisputes(pool, { hash: text, all: true, limit: 2 });
  if (!found) throw new UsageError(`There is no dispute that begins with ${text}`);
  if (another) throw new UsageError(`More than one dispute begins with ${text}; give more of it`);
  return { nodeId: found.nodeId, hash: new Uint8Array(found.hash) };
}

function told(outcome: DisputeOutcome, text: string) {
  if (!outcome.ok) throw new UsageError(refusals[outcome.code]);
  const { nodeId, state, merchantId } = outcome.row;
  return done(text, { nodeId, state, merchantId });
}

const refusals: Readonly<Record<DisputeRefusal, string>> = {
  "no-such-dispute": "There is no such dispute",
  "not-possible": "That is not possible now; `disputes --all` shows how far it is",
  "same-person": "Whoever proposed it may not decide it",
  "decided-before": "Whoever decided it before the appeal may not decide it again",
  "nothing-guaranteed":
    "Nothing is guaranteed of this loss: the merchant bears it, by the policy that was in force",
  "guarantee-short": "The group's guarantee account has too little: guarantee fund",
};

function isVerdict(text: string): text is DisputeVerdict {
  return text === "pay" || text === "refuse" || text === "write-off";
}
