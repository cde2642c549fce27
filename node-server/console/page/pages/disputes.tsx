/** Disputes: merchants whose goods are given and whose voucher another was paid for. One proposes, another decides. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { fileUrl } from "../api.ts";
import type { RowOf } from "../api.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { ProposeVerdict } from "../propose-verdict.tsx";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

type Dispute = RowOf<"disputes">;

const states = [
  "open",
  "proposed",
  "refused",
  "appealed",
  "appealProposed",
  "paid",
  "refusedFinally",
  "writtenOff",
] as const;
const verdicts = ["pay", "refuse", "write-off"] as const;

export function Disputes() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<{
    readonly act: "propose" | "decide";
    readonly dispute: Dispute;
  }>();
  return (
    <>
      <PageHead title={t("disputes.title")} />
      <Told text={told} />
      <List
        name="disputes"
        caption={t("disputes.title")}
        version={version}
        rowKey={({ nodeId, hash }) => `${nodeId} ${hash}`}
        filters={[
          {
            kind: "choice",
            name: "open",
            label: t("disputes.onlyOpen"),
            options: [{ value: "yes", label: t("disputes.stillOpen") }],
          },
          {
            kind: "choice",
            name: "state",
            label: t("disputes.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
          { kind: "search", name: "merchant", label: t("disputes.merchant") },
          { kind: "search", name: "serial", label: t("disputes.serial") },
        ]}
        columns={[
          { head: t("disputes.serial"), look: "code", cell: ({ serial }) => serial },
          { head: t("disputes.merchant"), cell: ({ merchant }) => merchant },
          { head: t("disputes.amount"), look: "number", cell: ({ amount }) => money(amount) },
          { head: t("disputes.guaranteed"), look: "number", cell: ({ guaranteed }) => money(guaranteed) },
          { head: t("disputes.reason"), cell: ({ reason }) => reason ?? "" },
          { head: t("disputes.state"), cell: ({ state }) => <Chip state={state} /> },
          {
            head: t("disputes.proposed"),
            look: "long",
            cell: ({ verdict, proposedBy, because }) =>
              verdict === null || proposedBy === null
                ? ""
                : `${t("operations.proposedBy", { verdict: term(verdict), name: proposedBy })}: ${because ?? ""}`,
          },
          { head: t("disputes.appeal"), cell: ({ appeal }) => appeal ?? "" },
          { head: t("disputes.opened"), sort: "opened", cell: ({ openedAt }) => <Moment at={openedAt} /> },
        ]}
        acts={(dispute) => (
          <>
            {may("dispute.evidence") && (
              <a
                className="button"
                download
                href={fileUrl("dispute.evidence", { node: dispute.nodeId, hash: dispute.hash })}
                aria-label={t("disputes.evidenceOf", dispute)}
              >
                {t("operations.evidence")}
              </a>
            )}
            {["open", "appealed"].includes(dispute.state) && may("dispute.propose") && (
              <button type="button" onClick={() => ask({ act: "propose", dispute })}>
                {t("operations.propose")}
              </button>
            )}
            {["proposed", "appealProposed"].includes(dispute.state) && may("dispute.decide") && (
              <button type="button" onClick={() => ask({ act: "decide", dispute })}>
                {t("disputes.decide")}
              </button>
            )}
          </>
        )}
      />
      {asked?.act === "propose" && (
        <ProposeVerdict
          action="dispute.propose"
          title={t("disputes.proposeTitle", asked.dispute)}
          text={t("disputes.proposeText")}
          about={asked.dispute}
          verdicts={verdicts}
          usual="refuse"
          onDone={() => done(t("operations.done"))}
          onClose={close}
        />
      )}
      {asked?.act === "decide" && (
        <Confirm
          action="dispute.decide"
          title={t("disputes.decideTitle", asked.dispute)}
          text={t("disputes.decideText", {
            name: asked.dispute.proposedBy ?? "",
            verdict: term(asked.dispute.verdict ?? ""),
            because: asked.dispute.because ?? "",
          })}
          label={t("disputes.decide")}
          input={() => ({ node: asked.dispute.nodeId, hash: asked.dispute.hash })}
          onDone={({ state }) => done(t("disputes.decided", { state: term(state) }))}
          onClose={close}
        />
      )}
    </>
  );
}
