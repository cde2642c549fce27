/** Commands about how long things are kept, and legal holds. */
import {
  listHolds,
  placeHold,
  readRetention,
  releaseHold,
  setRetention,
} from "../postgres/retention-rows.ts";
import { isRetentionName, retentionNames, retentionSubjects } from "../retention/policy.ts";
import type { RetentionName } from "../retention/policy.ts";
import { done, nameOf, option, UsageError, wholeNumber, words } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const retentionCommands: readonly (readonly [string, Command])[] = [
  [
    "retention",
    {
      database: true,
      usage: "retention",
      summary: "what is kept for how many days, and what a legal hold keeps",
      async run({ pool }) {
        const rules = await readRetention(pool);
        const holds = await listHolds(pool);
        const rows = rules.map(({ subject, days, setBy, isHeld }) => [
          subject,
          isHeld ? `${days} (held)` : String(days),
          setBy ?? "default",
          retentionSubjects[subject].what,
        ]);
        const open = holds.filter(({ releasedAt }) => releasedAt === null);
        const told = open.map(
          ({ id, subject, because, placedBy, placedAt }) =>
            `Hold ${id} on ${subject ?? "everything"} by ${placedBy} since ${placedAt.toISOString()}: ${because}`,
        );
        return done([table(["what", "days", "by", ""], rows), ...told].join("\n"), { rules, holds });
      },
    },
  ],
  [
    "retention set",
    {
      database: true,
      usage: "retention set WHAT DAYS --by NAME",
      summary: "keep something for so many days from now on",
      async run({ pool }, args, options) {
        const [name, text] = words(this.usage, args, 2);
        const subject = subjectOf(name);
        const days = wholeNumber(text, "DAYS");
        const { leastDays } = retentionSubjects[subject];
        if (days < leastDays || days > 36_500)
          throw new UsageError(`${subject} is kept for ${leastDays} to 36500 days, and not ${days}`);
        await setRetention(pool, { subject, days, by: nameOf(this.usage, options) });
        return done(`${subject} is kept for ${days} days.`, { subject, days });
      },
    },
  ],
  [
    "retention hold",
    {
      database: true,
      usage: "retention hold [WHAT] --because TEXT --by NAME",
      summary:
        "a legal hold: nothing of it is purged until somebody else releases it; without WHAT it holds everything",
      async run({ pool }, args, options) {
        const by = nameOf(this.usage, options);
        const because = option(options, "because")?.trim() ?? "";
        if (because === "" || args.length > 1) throw new UsageError(`Usage: paypost ${this.usage}`);
        const subject = args[0] === undefined ? null : subjectOf(args[0]);
        const id = await placeHold(pool, { subject, because, by });
        return done(`Hold ${id} keeps ${subject ?? "everything"}.`, { id });
      },
    },
  ],
  [
    "retention release",
    {
      database: true,
      usage: "retention release HOLD --by NAME",
      summary: "end a legal hold that somebody else has placed",
      async run({ pool }, args, options) {
        const [id] = words(this.usage, args, 1);
        if (!/^[0-9]{1,18}$/.test(id)) throw new UsageError(`${id} is no number of a hold; see retention`);
        const outcome = await releaseHold(pool, { id, by: nameOf(this.usage, options) });
        if (outcome === "no-hold") throw new UsageError(`There is no open hold ${id}; see retention`);
        if (outcome === "same-person") throw new UsageError("Whoever placed a hold cannot release it");
        return done(`Hold ${id} is released.`, { id });
      },
    },
  ],
];

function subjectOf(name: string): RetentionName {
  if (isRetentionName(name)) return name;
  throw new UsageError(`${name} is nothing that is kept for a time: use one of ${retentionNames.join(", ")}`);
}
