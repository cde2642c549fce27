/** Cases of beneficiaries and partners (docs/disputes.md). What people told is in no audit entry. */
import { z } from "zod";
import { caseActs, caseChannels, caseKinds, caseSubjectKinds } from "../../cases/decide.ts";
import type { CaseAct } from "../../cases/decide.ts";
import { actOnCase, openCase, readCase } from "../../postgres/case-rows.ts";
import type { Case } from "../../postgres/case-rows.ts";
import { caseList } from "../../postgres/console/oversight-lists.ts";
import { answered, change, list, read, refused } from "../action.ts";
import type { ActionContext } from "../action.ts";
import { moment, shownMoment } from "../shown.ts";

const shown = z.object({
  id: z.string(),
  kind: z.string(),
  channel: z.string(),
  about: z.string().nullable(),
  state: z.string(),
  owner: z.string().nullable(),
  deadline: moment,
  isOverdue: z.boolean(),
  openedBy: z.string(),
  openedAt: moment,
  endedAt: moment.nullable(),
  asked: z.string(),
});

function shownCase({ subjectKind, subject, ...row }: Case): z.input<typeof shown> {
  return {
    ...row,
    id: row.id.toString(),
    about: subject === null ? null : `${subjectKind}:${subject}`,
    deadline: shownMoment(row.deadline),
    openedAt: shownMoment(row.openedAt),
    endedAt: shownMoment(row.endedAt),
  };
}

const line = z.object({
  id: z.string(),
  at: moment,
  by: z.string(),
  act: z.string(),
  state: z.string(),
  owner: z.string().nullable(),
  deadline: moment,
  text: z.string().nullable(),
});

const id = z.string().regex(/^[1-9][0-9]{0,17}$/);
const text = z.string().trim().min(3).max(2000);
const become = z.object({ state: z.string() });

async function acted({ pool, operator }: ActionContext, number: string, act: Omit<CaseAct, "by">) {
  const outcome = await actOnCase(pool, BigInt(number), { ...act, by: operator.name });
  return outcome.ok ? answered({ state: outcome.now.state }) : refused(outcome.refusal);
}

export const caseActions = {
  cases: list(caseList, shown, shownCase, { audited: true }),
  case: read({
    input: z.object({ id }),
    answer: z.object({ case: shown, history: z.array(line) }),
    audited: true,
    async run({ pool }, input) {
      const found = await readCase(pool, BigInt(input.id));
      if (!found) return refused("no-such-case");
      const history = found.history.map((one) => ({
        ...one,
        id: one.id.toString(),
        at: shownMoment(one.at),
        deadline: shownMoment(one.deadline),
      }));
      return answered({ case: shownCase(found.case), history });
    },
  }),
  "case.open": change({
    input: z.object({
      kind: z.enum(caseKinds),
      channel: z.enum(caseChannels),
      subjectKind: z.enum(caseSubjectKinds),
      /** Empty: it is not known what it is about. */
      subject: z.string().trim().max(200),
      asked: text,
    }),
    answer: z.object({ id: z.string() }),
    subject: () => "case",
    told: ({ kind, channel, subjectKind, subject }) => ({ kind, channel, subjectKind, subject }),
    async run({ pool, operator }, { kind, channel, subjectKind, subject, asked }) {
      const about = subject === "" ? null : { kind: subjectKind, id: subject };
      const opened = { kind, channel, subject: about, asked, deadline: null, by: operator.name };
      return answered({ id: (await openCase(pool, opened)).toString() });
    },
  }),
  "case.assign": change({
    input: z.object({ id, owner: z.string().trim().min(1).max(100) }),
    answer: become,
    subject: (input) => `case:${input.id}`,
    run: (context, input) => acted(context, input.id, { act: "assign", owner: input.owner, text: null }),
  }),
  "case.work": change({
    input: z.object({ id, act: z.enum(caseActs).exclude(["assign"]), text: text.nullable() }),
    answer: become,
    subject: (input) => `case:${input.id}`,
    told: ({ act }) => ({ act }),
    run: (context, input) => acted(context, input.id, { act: input.act, text: input.text }),
  }),
};
