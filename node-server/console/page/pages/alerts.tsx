/** What needs a person's eye, and saying that it was looked into. */
import { useTranslation } from "react-i18next";
import { formatSerial } from "#core/voucher-number.ts";
import type { RowOf } from "../api.ts";
import { List } from "../list.tsx";
import { Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { useMaySee } from "../needs.ts";
import type { PageName } from "../needs.ts";
import { linkTo } from "../place.ts";
import { useMay } from "../session.ts";

/** Where one sees what an alert is about, by the kind of its subject. */
const placeOf: Readonly<Record<string, (...names: readonly string[]) => readonly [PageName, ...string[]]>> = {
  node: (id = "") => ["nodes", id],
  merchant: (id = "") => ["merchants", id],
  voucher: (serial = "") => ["vouchers", formatSerial(BigInt(serial))],
  operation: (node = "", sequence = "") => ["operations", node, sequence],
  callback: (id = "") => ["callbacks", id],
  disbursement: (batch = "") => ["batches", batch],
  "bill-payment": () => ["reports", "settlements"],
  group: () => ["reports", "stock"],
  claim: () => ["reports", "payouts"],
};

export function Alerts() {
  const { t } = useTranslation();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<RowOf<"alerts">>();
  return (
    <>
      <PageHead title={t("alerts.title")} />
      <Told text={told} />
      <List
        name="alerts"
        caption={t("alerts.title")}
        live
        version={version}
        rowKey={({ id }) => id}
        filters={[
          {
            kind: "choice",
            name: "open",
            label: t("alerts.which"),
            options: [{ value: "yes", label: t("alerts.open") }],
          },
          { kind: "search", name: "kind", label: t("alerts.kind") },
        ]}
        columns={[
          { head: t("alerts.at"), sort: "id", cell: ({ at }) => <Moment at={at} /> },
          { head: t("alerts.kind"), look: "code", cell: ({ kind }) => kind },
          { head: t("alerts.subject"), cell: ({ subject }) => <Subject subject={subject} /> },
          { head: t("common.details"), look: "long", cell: ({ detail }) => detail },
          {
            head: t("alerts.ended"),
            cell: ({ endedAt }) => (endedAt === null ? t("alerts.stillOpen") : <Moment at={endedAt} />),
          },
        ]}
        acts={(alert) =>
          alert.endedAt === null &&
          may("alert.end") && (
            <button type="button" onClick={() => ask(alert)}>
              {t("alerts.end")}
              <span className="unseen"> {alert.id}</span>
            </button>
          )
        }
      />
      {asked && (
        <Confirm
          action="alert.end"
          title={t("alerts.endTitle", { id: asked.id })}
          text={t("alerts.endText")}
          label={t("alerts.end")}
          input={() => ({ id: asked.id })}
          onDone={() => done(t("alerts.done", { id: asked.id }))}
          onClose={close}
        />
      )}
    </>
  );
}

function Subject({ subject }: { readonly subject: string }) {
  const maySee = useMaySee();
  const [kind = "", ...names] = subject.split(":");
  const place = Object.hasOwn(placeOf, kind) ? placeOf[kind]?.(...names) : undefined;
  return place && maySee(place[0]) ? <a href={linkTo(...place)}>{subject}</a> : subject;
}
