/** What nodes sent, with its evidence; what is held waits for people. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { fileUrl } from "../api.ts";
import type { RowOf } from "../api.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { ProposeVerdict } from "../propose-verdict.tsx";
import { useFiltersOfPlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

type Operation = RowOf<"operations">;

const states = ["held", "queued", "applied", "rejected", "writtenOff"] as const;
const types = [
  "redeem-voucher",
  "pay-bill",
  "pay-bill-with-voucher",
  "refund-bill",
  "register-beneficiary",
  "update-beneficiary",
  "look-up",
  "release-lease",
] as const;
const verdicts = ["apply", "reject", "write-off"] as const;

export function Operations() {
  const { t } = useTranslation();
  const { key, initially } = useFiltersOfPlace("node", "sequence");
  const { number } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<{
    readonly act: "propose" | "retry";
    readonly operation: Operation;
  }>();
  return (
    <>
      <PageHead title={t("operations.title")} />
      <p className="soft">{t("operations.evidenceHint")}</p>
      <Told text={told} />
      <List
        key={key}
        initially={initially}
        name="operations"
        caption={t("operations.title")}
        version={version}
        rowKey={({ nodeId, hash }) => `${nodeId} ${hash}`}
        filters={[
          {
            kind: "choice",
            name: "state",
            label: t("operations.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
          {
            kind: "choice",
            name: "type",
            label: t("operations.type"),
            options: types.map((value) => ({ value, label: term(value) })),
          },
          { kind: "search", name: "serial", label: t("operations.serial") },
          { kind: "search", name: "node", label: t("operations.node") },
          { kind: "search", name: "sequence", label: t("operations.sequence") },
        ]}
        columns={[
          { head: t("operations.node"), cell: ({ node }) => node },
          { head: t("operations.sequence"), look: "number", cell: ({ sequence }) => number(sequence) },
          { head: t("operations.type"), cell: ({ type }) => term(type) },
          { head: t("operations.serial"), look: "code", cell: ({ serial }) => serial ?? "" },
          { head: t("operations.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("operations.reason"), cell: ({ reason }) => reason ?? "" },
          {
            head: t("operations.proposed"),
            cell: ({ proposed, proposedBy }) =>
              proposed === null || proposedBy === null
                ? ""
                : t("operations.proposedBy", { verdict: term(proposed), name: proposedBy }),
          },
          {
            head: t("operations.received"),
            sort: "received",
            cell: ({ receivedAt }) => <Moment at={receivedAt} />,
          },
        ]}
        acts={(operation) => (
          <>
            {may("operation.evidence") && (
              <a
                className="button"
                download
                href={fileUrl("operation.evidence", { node: operation.nodeId, hash: operation.hash })}
                aria-label={t("operations.evidenceOf", operation)}
              >
                {t("operations.evidence")}
              </a>
            )}
            {operation.state === "held" && operation.proposed === null && may("held.propose") && (
              <button type="button" onClick={() => ask({ act: "propose", operation })}>
                {t("operations.propose")}
              </button>
            )}
            {operation.state === "held" && operation.reason === "quarantined" && may("held.retry") && (
              <button type="button" onClick={() => ask({ act: "retry", operation })}>
                {t("operations.retry")}
              </button>
            )}
          </>
        )}
      />
      {asked?.act === "propose" && (
        <ProposeVerdict
          action="held.propose"
          title={t("operations.proposeTitle", asked.operation)}
          text={t("operations.proposeText")}
          about={asked.operation}
          verdicts={verdicts}
          usual="reject"
          onDone={() => done(t("operations.done"))}
          onClose={close}
        />
      )}
      {asked?.act === "retry" && (
        <Confirm
          action="held.retry"
          title={t("operations.retryTitle", asked.operation)}
          text={t("operations.retryText")}
          label={t("operations.retry")}
          input={() => ({ node: asked.operation.nodeId, hash: asked.operation.hash })}
          onDone={({ state }) => done(t("operations.judged", { state: term(state) }))}
          onClose={close}
        />
      )}
    </>
  );
}
