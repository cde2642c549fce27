/** Batches of payments: how far they are, steering them, and approving one with a signature. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Field } from "#ui/fields.tsx";
import type { RowOf } from "../api.ts";
import { useRead } from "../asking.ts";
import { Share } from "../charts.tsx";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { useFiltersOfPlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

type Batch = RowOf<"batches">;

const states = [
  "received",
  "authorising",
  "scheduled",
  "running",
  "paused",
  "halted",
  "ending",
  "settled",
  "reauthorising",
  "rejected",
  "unfunded",
  "cancelled",
] as const;

const commands = ["pause", "resume", "retry", "cancel", "reject"] as const;
type Command = (typeof commands)[number];

/** What the machine would refuse is not offered; it decides all the same. */
const offered: Readonly<Record<Command, readonly string[]>> = {
  pause: ["running"],
  resume: ["paused", "halted"],
  retry: ["halted", "settled"],
  cancel: ["received", "authorising", "scheduled", "paused", "halted"],
  reject: ["received"],
};

export function Batches() {
  const { t } = useTranslation();
  const { key, initially } = useFiltersOfPlace("search");
  const { money, number } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<{
    readonly act: Command | "approve";
    readonly batch: Batch;
  }>();
  return (
    <>
      <PageHead title={t("batches.title")} />
      <Told text={told} />
      <List
        key={key}
        initially={initially}
        name="batches"
        caption={t("batches.title")}
        live
        version={version}
        rowKey={({ batch }) => batch}
        filters={[
          { kind: "search", name: "search", label: t("batches.batch") },
          {
            kind: "choice",
            name: "state",
            label: t("batches.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
          { kind: "search", name: "institution", label: t("batches.institution") },
        ]}
        columns={[
          { head: t("batches.batch"), sort: "id", cell: ({ batch }) => batch },
          { head: t("batches.institution"), cell: ({ institution }) => institution },
          {
            head: t("batches.state"),
            cell: ({ state, stateReason }) => (
              <span className="stack">
                <Chip state={state} />
                {stateReason !== null && <small className="soft">{stateReason}</small>}
              </span>
            ),
          },
          {
            head: t("batches.progress"),
            cell: ({ paid, total }) => (
              <span className="stack">
                {t("batches.progressOf", { paid, total })}
                <Share part={paid} whole={total} />
              </span>
            ),
          },
          { head: t("batches.failed"), look: "number", cell: ({ failed }) => number(failed) },
          { head: t("batches.amount"), look: "number", cell: ({ amount }) => money(amount) },
          { head: t("batches.submittedBy"), cell: ({ submittedBy }) => submittedBy },
          { head: t("batches.approvedBy"), cell: ({ approvedBy }) => approvedBy ?? "" },
          { head: t("batches.received"), cell: ({ createdAt }) => <Moment at={createdAt} /> },
        ]}
        acts={(batch) => (
          <>
            {batch.state === "received" && may("batch.approve") && (
              <button type="button" className="primary" onClick={() => ask({ act: "approve", batch })}>
                {t("batches.approve")}
              </button>
            )}
            {may("batch.steer") &&
              commands
                .filter((command) => offered[command].includes(batch.state))
                .map((command) => (
                  <button key={command} type="button" onClick={() => ask({ act: command, batch })}>
                    {t(`batches.${command}`)}
                  </button>
                ))}
          </>
        )}
      />
      {asked?.act === "approve" && (
        <Approve batch={asked.batch.batch} onDone={() => done(t("batches.approved"))} onClose={close} />
      )}
      {asked && asked.act !== "approve" && (
        <Steer
          command={asked.act}
          batch={asked.batch.batch}
          onDone={(state) => done(t("batches.done", { state: term(state) }))}
          onClose={close}
        />
      )}
    </>
  );
}

interface SteerProps {
  readonly command: Command;
  readonly batch: string;
  readonly onDone: (state: string) => void;
  readonly onClose: () => void;
}

function Steer({ command, batch, onDone, onClose }: SteerProps) {
  const { t } = useTranslation();
  return (
    <Confirm
      action="batch.steer"
      title={t("batches.steerTitle", { command: t(`batches.${command}`), batch })}
      text={t(`batches.${command}Text`)}
      label={t(`batches.${command}`)}
      danger={command === "cancel" || command === "reject"}
      asksWhy
      input={(because) => ({ batch, command, because })}
      onDone={({ state }) => onDone(state)}
      onClose={onClose}
    />
  );
}

interface ApproveProps {
  readonly batch: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function Approve({ batch, onDone, onClose }: ApproveProps) {
  const { t } = useTranslation();
  const { answer } = useRead("batch.text", { batch });
  const [signature, setSignature] = useState("");
  return (
    <Confirm
      action="batch.approve"
      title={t("batches.approveTitle", { batch })}
      text={t("batches.approveText")}
      label={t("batches.approve")}
      input={() => ({ batch, signature: signature.trim() })}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        <strong>{t("batches.toSign")}</strong>
      </p>
      <p className="code boxed to-sign">{answer?.toSign ?? t("common.working")}</p>
      <Field
        label={t("batches.signature")}
        value={signature}
        required
        onChange={({ target }) => setSignature(target.value)}
      />
    </Confirm>
  );
}
