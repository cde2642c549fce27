/** The audit trail: what everybody did, and whether it is whole. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRead } from "../asking.ts";
import { List } from "../list.tsx";
import { Moment, PageHead, Refused } from "../parts.tsx";

export function Audit() {
  const { t } = useTranslation();
  const [checks, setChecks] = useState(0);
  return (
    <>
      <PageHead title={t("audit.title")}>
        <button type="button" onClick={() => setChecks(checks + 1)}>
          {t("audit.check")}
        </button>
      </PageHead>
      {checks > 0 && <Check key={checks} />}
      <List
        name="audit"
        caption={t("audit.title")}
        jsonLines
        rowKey={({ id }) => id}
        filters={[
          { kind: "day", name: "from", label: t("audit.from") },
          { kind: "day", name: "until", label: t("audit.until") },
          { kind: "search", name: "component", label: t("audit.component") },
          { kind: "search", name: "action", label: t("audit.action") },
          { kind: "search", name: "actor", label: t("audit.actor") },
          { kind: "search", name: "subject", label: t("audit.subject") },
        ]}
        columns={[
          { head: t("audit.at"), sort: "id", cell: ({ at }) => <Moment at={at} /> },
          { head: t("audit.actor"), cell: ({ actor }) => actor },
          { head: t("audit.action"), look: "code", cell: ({ action }) => action },
          { head: t("audit.subject"), cell: ({ subject }) => subject },
          { head: t("audit.origin"), cell: ({ origin }) => origin ?? "" },
          { head: t("audit.reason"), cell: ({ reason }) => reason ?? "" },
          { head: t("audit.before"), look: "long", cell: ({ before }) => before ?? "" },
          { head: t("audit.after"), look: "long", cell: ({ after }) => after ?? "" },
        ]}
      />
    </>
  );
}

function Check() {
  const { t } = useTranslation();
  const { answer, refusal } = useRead("auditCheck", {});
  if (refusal !== undefined) return <Refused code={refusal} />;
  if (answer === undefined) return <p role="status">{t("audit.checking")}</p>;
  const { breaks, entries, head, waiting } = answer;
  return (
    <div role="status" className={breaks.length === 0 ? "banner good" : "banner bad"}>
      <p>{breaks.length === 0 ? t("audit.whole", { entries, waiting }) : t("audit.broken")}</p>
      {breaks.length > 0 && (
        <ul>
          {breaks.map(({ code, place }) => (
            <li key={`${code} ${place}`}>{`${place}: ${code}`}</li>
          ))}
        </ul>
      )}
      <p className="history">{t("audit.head", { head })}</p>
    </div>
  );
}
