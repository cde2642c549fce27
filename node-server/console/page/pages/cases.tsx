/** Cases: what beneficiaries ask and complain of and partners dispute; opening one, and working on it. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Choice, Field } from "#ui/fields.tsx";
import { Facts } from "#ui/parts.tsx";
import {
  caseActs,
  caseChannels,
  caseKinds,
  caseMoves,
  caseStates,
  caseSubjectKinds,
} from "../../../cases/decide.ts";
import type { CaseActName, CaseState } from "../../../cases/decide.ts";
import type { AnswerOf } from "../api.ts";
import { useRead } from "../asking.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Refused, Told, useActs } from "../parts.tsx";
import { linkTo, usePlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

export function Cases() {
  const { rest } = usePlace();
  const [id] = rest;
  return id === undefined ? <All /> : <One key={id} id={id} />;
}

function All() {
  const { t } = useTranslation();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<true>();
  const named = <Value extends string>(values: readonly Value[]) =>
    values.map((value) => ({ value, label: term(value) }));
  return (
    <>
      <PageHead title={t("cases.title")}>
        {may("case.open") && (
          <button type="button" className="primary" onClick={() => ask(true)}>
            {t("cases.open")}
          </button>
        )}
      </PageHead>
      <Told text={told} />
      <List
        name="cases"
        caption={t("cases.title")}
        version={version}
        rowKey={({ id }) => id}
        filters={[
          {
            kind: "choice",
            name: "which",
            label: t("cases.which"),
            options: [
              { value: "undecided", label: t("cases.undecided") },
              { value: "overdue", label: t("cases.overdue") },
            ],
          },
          { kind: "choice", name: "state", label: t("cases.state"), options: named(caseStates) },
          { kind: "choice", name: "kind", label: t("cases.kind"), options: named(caseKinds) },
          { kind: "search", name: "owner", label: t("cases.owner") },
          { kind: "search", name: "subject", label: t("cases.about") },
        ]}
        columns={[
          {
            head: t("cases.number"),
            cell: ({ id }) => <a href={linkTo("cases", id)}>{t("cases.case", { id })}</a>,
          },
          { head: t("cases.kind"), cell: ({ kind }) => term(kind) },
          { head: t("cases.about"), cell: ({ about }) => about ?? "" },
          { head: t("cases.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("cases.owner"), cell: ({ owner }) => owner ?? "" },
          { head: t("cases.deadline"), sort: "deadline", cell: (row) => <Deadline {...row} /> },
          { head: t("cases.asked"), look: "long", cell: (row) => row.asked },
        ]}
      />
      {asked && <Open onDone={(id) => done(t("cases.opened", { id }))} onClose={close} />}
    </>
  );
}

function Deadline({ deadline, isOverdue }: { readonly deadline: number; readonly isOverdue: boolean }) {
  return (
    <span className="stack">
      <Moment at={deadline} />
      {isOverdue && <Chip state="overdue" />}
    </span>
  );
}

function Open({ onDone, onClose }: { readonly onDone: (id: string) => void; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const term = useTerm();
  const [kind, setKind] = useState<(typeof caseKinds)[number]>("query");
  const [channel, setChannel] = useState<(typeof caseChannels)[number]>("telephone");
  const [subjectKind, setSubjectKind] = useState<(typeof caseSubjectKinds)[number]>("voucher");
  const [subject, setSubject] = useState("");
  const [asked, setAsked] = useState("");
  const named = <Value extends string>(values: readonly Value[]) =>
    values.map((value) => ({ value, label: term(value) }));
  return (
    <Confirm
      action="case.open"
      title={t("cases.open")}
      text={t("cases.openText")}
      label={t("cases.open")}
      input={() => ({ kind, channel, subjectKind, subject, asked })}
      onDone={({ id }) => onDone(id)}
      onClose={onClose}
    >
      <Choice label={t("cases.kind")} value={kind} options={named(caseKinds)} onChoose={setKind} />
      <Choice
        label={t("cases.channel")}
        value={channel}
        options={named(caseChannels)}
        onChoose={setChannel}
      />
      <Choice
        label={t("cases.aboutKind")}
        value={subjectKind}
        options={named(caseSubjectKinds)}
        onChoose={setSubjectKind}
      />
      <Field
        label={t("cases.aboutId")}
        value={subject}
        maxLength={200}
        onChange={({ target }) => setSubject(target.value)}
      />
      <Field
        label={t("cases.asked")}
        value={asked}
        required
        minLength={3}
        maxLength={2000}
        onChange={({ target }) => setAsked(target.value)}
      />
    </Confirm>
  );
}

function One({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<CaseActName>();
  const { answer, refusal } = useRead("case", { id }, { version });
  const [text, setText] = useState("");
  const term = useTerm();
  const state = answer?.case.state as CaseState | undefined;
  const offered = state === undefined ? [] : caseActs.filter((act) => caseMoves[state][act] !== null);
  const finish = (become: string) => {
    setText("");
    done(t("cases.done", { id, state: term(become) }));
  };
  const field = (label: string, isRequired: boolean) => (
    <Field
      label={label}
      value={text}
      required={isRequired}
      maxLength={asked === "assign" ? 100 : 2000}
      onChange={({ target }) => setText(target.value)}
    />
  );
  return (
    <>
      <PageHead title={t("cases.case", { id })}>
        <a href={linkTo("cases")}>{t("common.back")}</a>
      </PageHead>
      <Told text={told} />
      <Refused code={refusal} />
      {answer && <Life {...answer} />}
      <div className="row">
        {offered
          .filter((act) => may(act === "assign" ? "case.assign" : "case.work"))
          .map((act) => (
            <button key={act} type="button" onClick={() => ask(act)}>
              {t(`cases.${act}`)}
            </button>
          ))}
      </div>
      {asked === "assign" && (
        <Confirm
          action="case.assign"
          title={t("cases.assign")}
          text={t("cases.assignText")}
          label={t("cases.assign")}
          input={() => ({ id, owner: text })}
          onDone={(become) => finish(become.state)}
          onClose={close}
        >
          {field(t("cases.owner"), true)}
        </Confirm>
      )}
      {asked !== undefined && asked !== "assign" && (
        <Confirm
          action="case.work"
          title={t(`cases.${asked}`)}
          text={t("cases.workText")}
          label={t(`cases.${asked}`)}
          input={() => ({ id, act: asked, text: text.trim() === "" ? null : text })}
          onDone={(become) => finish(become.state)}
          onClose={close}
        >
          {field(t("cases.text"), asked !== "start")}
        </Confirm>
      )}
    </>
  );
}

function Life({ case: found, history }: AnswerOf<"case">) {
  const { t } = useTranslation();
  const term = useTerm();
  return (
    <>
      <Facts
        rows={[
          [t("cases.state"), <Chip key="state" state={found.state} />],
          [t("cases.kind"), term(found.kind)],
          [t("cases.channel"), term(found.channel)],
          [t("cases.about"), found.about ?? ""],
          [t("cases.owner"), found.owner ?? ""],
          [t("cases.deadline"), <Deadline key="deadline" {...found} />],
          [t("cases.asked"), found.asked],
        ]}
      />
      <h2>{t("cases.history")}</h2>
      <ol>
        {history.map((line) => (
          <li key={line.id}>
            <Moment at={line.at} /> · {line.by} ·{" "}
            {line.act === "open" ? t("cases.open") : t(`cases.${line.act as CaseActName}`)} ·{" "}
            {term(line.state)}
            {line.owner !== null && ` · ${line.owner}`}
            {line.text !== null && <p className="history">{line.text}</p>}
          </li>
        ))}
      </ol>
    </>
  );
}
