/** What needs a person's eye, and what everybody did. */
import { z } from "zod";
import { emptyChain, formatHead, parseHead } from "../../audit/chain.ts";
import { verifyAudit } from "../../audit/verify.ts";
import { endAlert } from "../../postgres/alert-admin.ts";
import { readAudit } from "../../postgres/audit-chain.ts";
import { alertList, auditList } from "../../postgres/console/oversight-lists.ts";
import { answered, change, list, read, refused } from "../action.ts";
import { count, moment, shownMoment } from "../shown.ts";

const alert = z.object({
  id: z.string(),
  at: moment,
  kind: z.string(),
  subject: z.string(),
  detail: z.string(),
  endedAt: moment.nullable(),
});

const entry = z.object({
  id: z.string(),
  at: moment,
  actor: z.string(),
  origin: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  reason: z.string().nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

/** `PLACE:HASH`, as an earlier check told it. */
const head = z.string().transform((text, context) => {
  const read = parseHead(text.trim());
  if (read) return read;
  context.addIssue("it must be PLACE:HASH");
  return z.NEVER;
});

const entriesAtATime = 20_000;

const found = z.object({ code: z.string(), place: z.string() });

export const oversightActions = {
  alerts: list(alertList, alert, (row) => ({
    ...row,
    id: row.id.toString(),
    at: shownMoment(row.at),
    detail: JSON.stringify(row.detail),
    endedAt: shownMoment(row.endedAt),
  })),
  "alert.end": change({
    input: z.object({ id: z.string().regex(/^[1-9][0-9]{0,17}$/) }),
    answer: z.object({}),
    subject: ({ id }) => `alert:${id}`,
    run: async ({ pool, operator }, { id }) =>
      (await endAlert(pool, BigInt(id), operator.name)) ? answered({}) : refused("not-possible"),
  }),
  audit: list(auditList, entry, (row) => ({ ...row, id: row.id.toString(), at: shownMoment(row.at) }), {
    audited: true,
  }),
  /**
   * Reads a part of the trail, from where an earlier one has come to. Heads that were kept outside of the database are compared
   * with the part that they lie in: what a server has seen, and one that the auditor has on paper.
   */
  auditCheck: read({
    input: z.object({ after: head.optional(), kept: head.optional() }),
    answer: z.object({
      head: z.string(),
      entries: z.string(),
      /** When the last of them was written. */
      until: moment.nullable(),
      /** How many there are in all. */
      of: z.string(),
      isWhole: z.boolean(),
      waiting: count,
      /** Heads that this part was compared with. */
      compared: z.array(z.string()),
      breaks: z.array(found),
    }),
    audited: true,
    async run({ pool, readSeen }, { after = emptyChain, kept }) {
      const seen = await readSeen();
      return readAudit(pool, async (reader) => {
        // A database that was restored is of a later generation, and what was seen before is not all in it.
        const isOurs = seen && seen.head.position > 0n && seen.generation === (await reader.generation());
        const heads = [...(isOurs ? [seen.head] : []), ...(kept ? [kept] : [])];
        const end = await reader.end();
        const report = await verifyAudit(reader, heads, { from: after, most: entriesAtATime });
        const { position } = report.head;
        return answered({
          head: formatHead(report.head),
          entries: position.toString(),
          until: shownMoment(report.lastAt),
          of: end.position.toString(),
          isWhole: report.isWhole,
          waiting: report.unsealed.count,
          compared: heads
            .filter((one) => one.position > after.position && one.position <= position)
            .map(formatHead),
          breaks: report.breaks.map((one) => ({ code: one.code, place: placeOf(one) })),
        });
      });
    },
  }),
};

function placeOf(one: Awaited<ReturnType<typeof verifyAudit>>["breaks"][number]): string {
  if ("position" in one) return one.position.toString();
  if ("from" in one) return `${one.from}–${one.until}`;
  return "head" in one ? one.head.position.toString() : `#${one.entryId}`;
}
