/** Commands about cases: what beneficiaries ask and complain of, and what partners dispute (docs/disputes.md). */
import { caseActs, caseChannels, caseKinds, caseSubjectKinds, daysToDecide } from "../cases/decide.ts";
import type { CaseActName, CaseRefusal } from "../cases/decide.ts";
import { actOnCase, listCases, openCase, readCase } from "../postgres/case-rows.ts";
import { done, nameOf, option, UsageError, wholeNumber, words } from "./command.ts";
import type { Command, Options } from "./command.ts";
import { table } from "./table.ts";

const summaries: Readonly<Record<CaseActName, readonly [usage: string, summary: string]>> = {
  assign: ["NAME [--days N]", "say who works on a case, and that it is to be decided within N days from now"],
  start: ["", "begin, or go on with, a case; one that nobody owns becomes yours"],
  wait: ["--because TEXT", "a case waits for somebody else: for whom and what"],
  note: ["--because TEXT", "write something into a case's history"],
  resolve: ["--because TEXT", "decide a case for whoever brought it; its owner only"],
  reject: ["--because TEXT", "decide a case against whoever brought it; its owner only"],
  reopen: ["--because TEXT", "take a decided case up again; its time begins anew"],
};

export const caseCommands: readonly (readonly [string, Command])[] = [
  [
    "case open",
    {
      database: true,
      usage: `case open ${caseKinds.join("|")} ${caseChannels.join("|")} TEXT [--subject KIND:ID] [--days N] --by NAME`,
      summary: `open a case, to be decided within ${caseKinds.map((kind) => `${daysToDecide[kind]} days (${kind})`).join(", ")}; KIND is ${caseSubjectKinds.join(", ")}`,
      async run({ pool }, args, options) {
        const [kindText, channelText, text] = words(this.usage, args, 3);
        const kind = caseKinds.find((one) => one === kindText);
        const channel = caseChannels.find((one) => one === channelText);
        if (!kind || !channel) throw new UsageError(`Usage: paypost ${this.usage}`);
        const id = await openCase(pool, {
          kind,
          channel,
          subject: subjectOf(options),
          asked: textOf(text),
          deadline: deadlineAfter(options) ?? null,
          by: nameOf(this.usage, options),
        });
        return done(`Case ${id} is open.`, { id });
      },
    },
  ],
  ...caseActs.map((act) => [`case ${act}`, actCommand(act)] as const),
  [
    "case list",
    {
      database: true,
      usage: "case list [--all] [--overdue]",
      summary: "cases that are not decided, by deadline; --all shows decided ones too",
      async run({ pool }, _args, options) {
        const cases = await listCases(pool, {
          all: options["all"] === true,
          overdue: options["overdue"] === true,
        });
        const rows = cases.map((one) => [
          one.id,
          one.kind,
          one.channel,
          one.subject === null ? "" : `${one.subjectKind}:${one.subject}`,
          one.state,
          one.owner ?? "",
          `${one.deadline.toISOString().slice(0, 10)}${one.isOverdue ? " OVERDUE" : ""}`,
          one.asked.slice(0, 60),
        ]);
        const head = ["id", "kind", "channel", "about", "state", "owner", "deadline", "asked"];
        return done(table(head, rows), cases);
      },
    },
  ],
  [
    "case show",
    {
      database: true,
      usage: "case show ID",
      summary: "a case with its history",
      async run({ pool }, args) {
        const [id] = words(this.usage, args, 1);
        const found = await readCase(pool, idOf(id));
        if (!found) throw new UsageError(refusals["no-such-case"]);
        const lines = found.history.map(({ at, by, act, state, owner, text }) => [
          at.toISOString(),
          by,
          act,
          state,
          owner ?? "",
          text ?? "",
        ]);
        const history = table(["at", "by", "act", "state", "owner", "text"], lines);
        return done(`${found.case.asked}\n\n${history}`, found);
      },
    },
  ],
];

function actCommand(act: CaseActName): Command {
  const [rest, summary] = summaries[act];
  return {
    database: true,
    usage: `case ${act} ID ${rest}${rest === "" ? "" : " "}--by NAME`,
    summary,
    async run({ pool }, args, options) {
      const [id, owner] =
        act === "assign" ? words(this.usage, args, 2) : ([...words(this.usage, args, 1), undefined] as const);
      const because = option(options, "because");
      const deadline = act === "assign" ? deadlineAfter(options) : undefined;
      const outcome = await actOnCase(pool, idOf(id), {
        act,
        by: nameOf(this.usage, options),
        text: because === null ? null : textOf(because),
        ...(owner !== undefined && { owner }),
        ...(deadline && { deadline }),
      });
      if (!outcome.ok) throw new UsageError(refusals[outcome.refusal]);
      return done(`Case ${id} is ${outcome.now.state}.`, { id, ...outcome.now });
    },
  };
}

const refusals: Readonly<Record<CaseRefusal | "no-such-case", string>> = {
  "no-such-case": "There is no such case",
  "not-possible": "That is not possible in its present state; `case show` tells it",
  "not-the-owner": "Only the owner of a case decides it",
  "text-missing": "--because is missing: say why",
  "owner-missing": "Name somebody",
};

function idOf(text: string): bigint {
  if (!/^[1-9][0-9]{0,17}$/.test(text)) throw new UsageError(`${text} is no case's number`);
  return BigInt(text);
}

function textOf(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length < 3 || trimmed.length > 2000) throw new UsageError("A text has 3 to 2000 characters");
  return trimmed;
}

function subjectOf(options: Options) {
  const text = option(options, "subject");
  if (text === null) return null;
  const [name, ...rest] = text.split(":");
  const kind = caseSubjectKinds.find((one) => one === name);
  const id = rest.join(":").trim();
  if (!kind || id === "" || id.length > 200)
    throw new UsageError(`--subject is KIND:ID, with one of ${caseSubjectKinds.join(", ")}`);
  return { kind, id };
}

function deadlineAfter(options: Options): Date | undefined {
  const days = option(options, "days");
  return days === null ? undefined : new Date(Date.now() + wholeNumber(days, "--days") * 86_400_000);
}
