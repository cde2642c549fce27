/** Who may sign in. */
import { useTranslation } from "react-i18next";
import { List } from "../list.tsx";
import { Chip, Moment, PageHead } from "../parts.tsx";
import { useTerm } from "../words.ts";

const states = ["active", "invited", "locked", "disabled"] as const;

export function Operators() {
  const { t } = useTranslation();
  const term = useTerm();
  return (
    <>
      <PageHead title={t("operators.title")} />
      <p className="soft">{t("operators.hint")}</p>
      <List
        name="operators"
        caption={t("operators.title")}
        rowKey={({ name }) => name}
        filters={[
          { kind: "search", name: "search", label: t("common.search") },
          {
            kind: "choice",
            name: "state",
            label: t("operators.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
        ]}
        columns={[
          { head: t("operators.name"), cell: ({ name }) => name, sort: "name" },
          { head: t("operators.roles"), cell: ({ roles }) => roles.split(" ").map(term).join(", ") },
          { head: t("operators.party"), cell: ({ party }) => party ?? "" },
          { head: t("operators.source"), cell: ({ source }) => term(source) },
          { head: t("operators.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("operators.lastSignIn"), cell: ({ lastSignIn }) => <Moment at={lastSignIn} /> },
        ]}
      />
    </>
  );
}
