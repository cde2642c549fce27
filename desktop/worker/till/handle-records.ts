/** Looking back: what was done, what became of it, and what was paid for it. */
import { toBase64 } from "#sync/base64.ts";
import { receiptOf } from "../carry.ts";
import { done, nodeOf, refused, tillName } from "./answers.ts";
import { shiftView } from "./shift-views.ts";
import { disputeView, payoutView } from "./statement-views.ts";
import type { Desk, Handlers } from "./till.ts";
import { operationDetail, operationView, problemRefused, totalsView } from "./views.ts";

type RecordHandlers = Pick<
  Handlers,
  "history" | "operation" | "totals" | "shifts" | "disputes" | "appeal" | "evidence" | "payouts" | "receipt"
>;

const pageSize = 50;
const mostShifts = 200;
const mostDisputes = 500;

export function recordHandlers(desk: Desk): RecordHandlers {
  const { stores } = desk.parts;
  const { redemptions, history, queue, shifts, statements } = stores;
  return {
    history({ search, state, before }) {
      const query = {
        text: search.trim(),
        standing: state === "all" ? undefined : state,
        before: before ?? undefined,
      };
      const found = history.search(query, pageSize + 1);
      const operations = found.slice(0, pageSize).flatMap((sequence) => redemptions.find(sequence) ?? []);
      return { operations: operations.map(operationView), more: found.length > pageSize };
    },
    operation({ sequence }) {
      const record = redemptions.find(sequence);
      return record ? operationDetail(record) : refused("no-such-operation");
    },
    totals: ({ fromMs, untilMs }) => totalsView(history.sums(fromMs, untilMs)),
    shifts: ({ fromMs, untilMs }) => ({
      shifts: shifts.list(fromMs, untilMs, mostShifts).map(({ id }) => shiftView(stores, id)),
    }),
    disputes: () => ({
      disputes: statements.disputes(mostDisputes).map(disputeView),
      asOfMs: statements.asOfMs("disputes") ?? null,
    }),
    async appeal({ sequence, because }) {
      const answer = await nodeOf(desk).appeal(sequence, because);
      if (!answer.ok) return problemRefused(answer.failure);
      desk.changed();
      return done;
    },
    async evidence({ sequence }) {
      const answer = await nodeOf(desk).evidence(sequence);
      if (!answer.ok) return problemRefused(answer.failure);
      return { ok: true, name: `evidence-${tillName(desk)}-${sequence}.ppe`, file: toBase64(answer.file) };
    },
    payouts({ before }) {
      const found = statements.payouts(before, pageSize + 1);
      return {
        payouts: found.slice(0, pageSize).map(payoutView),
        more: found.length > pageSize,
        asOfMs: statements.asOfMs("payouts") ?? null,
      };
    },
    receipt({ sequence }) {
      const receipt = receiptOf(stores, sequence);
      if (!receipt) return refused(queue.find(sequence) ? "no-verdict" : "no-such-operation");
      return { ok: true, name: `receipt-${tillName(desk)}-${sequence}.ppr`, file: toBase64(receipt) };
    },
  };
}
