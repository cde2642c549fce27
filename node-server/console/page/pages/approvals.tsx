/** Everything that waits for a second person, in one list. */
import { useTranslation } from "react-i18next";
import type { RowOf } from "../api.ts";
import { List } from "../list.tsx";
import { Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { linkTo } from "../place.ts";
import { useMay, useSession } from "../session.ts";
import { useTerm } from "../words.ts";

const kinds = [
  "permission",
  "signatory",
  "onboarding",
  "held",
  "dispute",
  "disclosure",
  "recovery",
  "batch",
] as const;

export function Approvals() {
  const { t } = useTranslation();
  const term = useTerm();
  const may = useMay();
  const { name } = useSession();
  const { asked, ask, told, version, done, close } = useActs<{
    readonly act: "approve" | "withdraw";
    readonly approval: RowOf<"approvals">;
  }>();
  return (
    <>
      <PageHead title={t("approvals.title")} />
      <p className="soft">{t("approvals.hint")}</p>
      <Told text={told} />
      <List
        name="approvals"
        caption={t("approvals.title")}
        live
        version={version}
        rowKey={({ reference }) => reference}
        filters={[
          {
            kind: "choice",
            name: "kind",
            label: t("approvals.kind"),
            options: kinds.map((value) => ({ value, label: term(`kind-${value}`) })),
          },
          { kind: "search", name: "by", label: t("approvals.by") },
        ]}
        columns={[
          { head: t("approvals.kind"), cell: ({ kind }) => term(`kind-${kind}`) },
          { head: t("approvals.subject"), cell: ({ subject }) => subject },
          { head: t("approvals.detail"), look: "long", cell: ({ detail }) => detail },
          { head: t("approvals.because"), look: "long", cell: ({ because }) => because ?? "" },
          { head: t("approvals.by"), cell: ({ proposedBy }) => proposedBy },
          { head: t("approvals.at"), sort: "proposed", cell: ({ proposedAt }) => <Moment at={proposedAt} /> },
        ]}
        acts={(approval) =>
          approval.kind === "batch" ? (
            may("batches") && <a href={linkTo("batches")}>{t("approvals.toBatches")}</a>
          ) : (
            <>
              {may("approval.approve") && approval.proposedBy !== name && (
                <button type="button" className="primary" onClick={() => ask({ act: "approve", approval })}>
                  {t("approvals.approve")}
                  <span className="unseen"> {approval.subject}</span>
                </button>
              )}
              {may("approval.withdraw") && approval.kind !== "recovery" && (
                <button type="button" onClick={() => ask({ act: "withdraw", approval })}>
                  {t("approvals.withdraw")}
                  <span className="unseen"> {approval.subject}</span>
                </button>
              )}
            </>
          )
        }
      />
      {asked && (
        <Confirm
          action={`approval.${asked.act}`}
          title={t(`approvals.${asked.act}Title`, { name: asked.approval.proposedBy })}
          text={t("approvals.text", asked.approval)}
          label={t(`approvals.${asked.act}`)}
          input={() => ({ reference: asked.approval.reference })}
          onDone={() => done(t(asked.act === "approve" ? "approvals.approved" : "approvals.withdrawn"))}
          onClose={close}
        />
      )}
    </>
  );
}
