/** Commands of auditors: whether the trail is what it was, and what is in it. */
import { readAudit } from "../postgres/audit-chain.ts";
import { searchAudit } from "../postgres/audit-search.ts";
import type { AuditSearch } from "../postgres/audit-search.ts";
import { formatHead, parseHead } from "../audit/chain.ts";
import type { ChainHead } from "../audit/chain.ts";
import { verifyAudit } from "../audit/verify.ts";
import type { AuditBreak, AuditReport } from "../audit/verify.ts";
import { toCsv } from "../csv.ts";
import { readSeen } from "../recovery/generation-file.ts";
import { done, option, UsageError, wholeNumber } from "./command.ts";
import type { Command, Options } from "./command.ts";
import { createProgressLine } from "./progress-line.ts";
import { table } from "./table.ts";

export const auditCommands: readonly (readonly [string, Command])[] = [
  [
    "audit verify",
    {
      database: true,
      usage: "audit verify [--head PLACE:HASH]",
      summary:
        "read the whole audit trail and find what was changed, removed, added or cut off; --head is a head that was seen earlier, as a verdict list holds it",
      async run({ pool, keysFolder }, _args, options) {
        const given = headOf(options);
        const seen = await readSeen(keysFolder);
        const progress = createProgressLine(process.stderr);
        const report = await readAudit(pool, async (reader) => {
          // A database that was restored is of a later generation, and what was seen before is not all in it.
          const isOurs = seen && seen.head.position > 0n && seen.generation === (await reader.generation());
          const heads = [...(isOurs ? [seen.head] : []), ...(given ? [given] : [])];
          return verifyAudit(reader, heads, {
            onRead: (entries) => progress.show(`${entries} entries read`),
          });
        });
        progress.end();
        return { text: reportText(report), data: reportData(report), isWrong: report.breaks.length > 0 };
      },
    },
  ],
  [
    "audit list",
    {
      database: true,
      usage:
        "audit list [--from DAY] [--until DAY] [--actor TEXT] [--action TEXT] [--subject TEXT] [--origin TEXT] [--limit N] [--csv]",
      summary:
        "entries of the audit trail, the newest first; an action, a subject or an origin is found by how it begins, days are UTC",
      async run({ pool }, _args, options) {
        const entries = await searchAudit(pool, searchOf(options));
        const rows = entries.map(({ id, at, actor, origin, action, subject, reason, before, after }) => [
          id,
          at.toISOString(),
          actor,
          origin ?? "",
          action,
          subject,
          reason ?? "",
          before ?? "",
          after ?? "",
        ]);
        const head = ["entry", "at", "actor", "from", "action", "subject", "reason", "before", "after"];
        const text = options["csv"] === true ? toCsv([head, ...rows]).trimEnd() : table(head, rows);
        return done(text, entries);
      },
    },
  ],
];

function headOf(options: Options): ChainHead | undefined {
  const text = option(options, "head");
  if (text === null) return undefined;
  const head = parseHead(text);
  if (!head) throw new UsageError(`--head must be PLACE:HASH, such as 120:9f86…, not ${text}`);
  return head;
}

function searchOf(options: Options): AuditSearch {
  return {
    from: dayOf(options, "from", 0),
    until: dayOf(options, "until", 1),
    actor: option(options, "actor"),
    action: option(options, "action"),
    subject: option(options, "subject"),
    origin: option(options, "origin"),
    limit: wholeNumber(option(options, "limit") ?? "1000", "--limit"),
  };
}

/** The beginning of a day in UTC, or of the one that follows it. */
function dayOf(options: Options, name: string, later: 0 | 1): Date | null {
  const text = option(options, name);
  if (text === null) return null;
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN);
  // The calendar has no 30 February, which a Date would take for a day of March.
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text))
    throw new UsageError(`--${name} must be a day, such as 2026-11-28, not ${text}`);
  return new Date(day.getTime() + later * 86_400_000);
}

function reportText({ head, unsealed, breaks, isCut }: AuditReport): string {
  const waiting =
    unsealed.oldestAt === null
      ? "None waits for its place."
      : `${unsealed.count} wait for their place, the oldest since ${unsealed.oldestAt.toISOString()}.`;
  const told = `${head.position} entries are in the chain. ${waiting}\nIts head, to be kept elsewhere: ${formatHead(head)}`;
  if (breaks.length === 0) return `The audit trail is whole.\n${told}`;
  const more = isCut ? ["There are more; these are the first."] : [];
  return ["THE AUDIT TRAIL IS NOT WHAT IT WAS.", ...breaks.map(breakText), ...more, told].join("\n");
}

function breakText(found: AuditBreak): string {
  switch (found.code) {
    case "changed":
      return `  Place ${found.position}: entry ${found.entryId} is not the one that was put there.`;
    case "entry-removed":
      return `  Place ${found.position}: entry ${found.entryId} was removed.`;
    case "places-missing":
      return found.from === found.until
        ? `  Place ${found.from} is missing.`
        : `  Places ${found.from} to ${found.until} are missing.`;
    case "unplaced":
      return `  Entry ${found.entryId} is no part of the chain: it was added by hand, or its place was removed.`;
    case "cut-off":
      return `  The trail had come to place ${found.head.position}, and ends before it: its end was cut off.`;
    case "other-history":
      return `  Place ${found.head.position} had another hash: what lies before it was rewritten.`;
  }
}

function reportData({ head, unsealed, breaks, isCut }: AuditReport): object {
  return {
    whole: breaks.length === 0,
    head: formatHead(head),
    unsealed,
    breaks: breaks.map((found) => ("head" in found ? { ...found, head: formatHead(found.head) } : found)),
    more: isCut,
  };
}
