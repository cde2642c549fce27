/** Beneficiaries of the account mapper, masked. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { List } from "../list.tsx";
import { Chip, Moment, PageHead } from "../parts.tsx";
import { useTerm } from "../words.ts";

const states = ["active", "inactive", "unlinked"] as const;

export function Beneficiaries() {
  const { t } = useTranslation();
  const { number } = useFormats();
  const term = useTerm();
  return (
    <>
      <PageHead title={t("beneficiaries.title")} />
      <p className="soft">{t("beneficiaries.hint")}</p>
      <List
        name="beneficiaries"
        caption={t("beneficiaries.title")}
        rowKey={({ id }) => id}
        filters={[
          { kind: "search", name: "identity", label: t("beneficiaries.identity") },
          { kind: "search", name: "programme", label: t("beneficiaries.programme") },
          { kind: "search", name: "area", label: t("beneficiaries.area") },
          {
            kind: "choice",
            name: "state",
            label: t("beneficiaries.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
        ]}
        columns={[
          { head: t("beneficiaries.identity"), look: "code", cell: ({ identity }) => identity },
          { head: t("beneficiaries.institution"), cell: ({ institution }) => institution },
          { head: t("beneficiaries.programme"), cell: ({ programme }) => programme ?? "" },
          { head: t("beneficiaries.area"), cell: ({ area }) => area ?? "" },
          { head: t("beneficiaries.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("beneficiaries.addresses"), look: "number", cell: ({ addresses }) => number(addresses) },
          { head: t("beneficiaries.changed"), cell: ({ changedAt }) => <Moment at={changedAt} /> },
        ]}
      />
    </>
  );
}
