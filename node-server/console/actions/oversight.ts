/** What needs a person's eye, and what everybody did. */
import { z } from "zod";
import { formatHead } from "../../audit/chain.ts";
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
  /** Reads the whole trail; the heads that were kept outside of the database are compared by the command line. */
  auditCheck: read({
    input: z.object({}),
    answer: z.object({ head: z.string(), entries: z.string(), waiting: count, breaks: z.array(found) }),
    audited: true,
    async run({ pool }) {
      const { head, unsealed, breaks } = await readAudit(pool, (reader) => verifyAudit(reader, []));
      return answered({
        head: formatHead(head),
        entries: head.position.toString(),
        waiting: unsealed.count,
        breaks: breaks.map((one) => ({ code: one.code, place: placeOf(one) })),
      });
    },
  }),
};

function placeOf(one: Awaited<ReturnType<typeof verifyAudit>>["breaks"][number]): string {
  if ("position" in one) return one.position.toString();
  if ("from" in one) return `${one.from}–${one.until}`;
  return "head" in one ? one.head.position.toString() : `#${one.entryId}`;
}
