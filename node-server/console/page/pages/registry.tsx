/** Merchants, their groups with what they accept, and billers. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { List } from "../list.tsx";
import { Chip, PageHead } from "../parts.tsx";
import { useFiltersOfPlace } from "../place.ts";
import { useTerm } from "../words.ts";

export function Merchants() {
  const { t } = useTranslation();
  const { key, initially } = useFiltersOfPlace("search");
  const { number } = useFormats();
  const term = useTerm();
  return (
    <>
      <PageHead title={t("merchants.title")} />
      <List
        key={key}
        initially={initially}
        name="merchants"
        caption={t("merchants.title")}
        rowKey={({ id }) => id}
        filters={[
          { kind: "search", name: "search", label: t("common.search") },
          {
            kind: "choice",
            name: "status",
            label: t("merchants.status"),
            options: ["active", "closed"].map((value) => ({ value, label: term(value) })),
          },
        ]}
        columns={[
          { head: t("merchants.id"), cell: ({ id }) => id, sort: "id", look: "code" },
          { head: t("merchants.name"), cell: ({ name }) => name, sort: "name" },
          { head: t("merchants.status"), cell: ({ status }) => <Chip state={status} /> },
          { head: t("merchants.area"), cell: ({ area }) => area ?? "" },
          { head: t("merchants.phone"), cell: ({ phone }) => phone ?? "", look: "code" },
          { head: t("merchants.fsp"), cell: ({ fsp }) => fsp ?? "" },
          { head: t("merchants.account"), cell: ({ account }) => account ?? "", look: "code" },
          { head: t("merchants.groups"), cell: ({ groups }) => groups },
          { head: t("merchants.nodes"), cell: ({ nodes }) => number(nodes), look: "number" },
        ]}
      />
    </>
  );
}

export function Matrix() {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (
    <>
      <PageHead title={t("matrix.title")} />
      <List
        name="matrix"
        caption={t("matrix.title")}
        rowKey={({ group }) => group}
        filters={[{ kind: "search", name: "search", label: t("common.search") }]}
        columns={[
          { head: t("matrix.group"), cell: ({ group }) => group, sort: "group", look: "code" },
          { head: t("matrix.name"), cell: ({ name }) => name, sort: "name" },
          { head: t("matrix.merchants"), cell: ({ merchants }) => number(merchants), look: "number" },
          { head: t("matrix.accepts"), cell: ({ accepts }) => accepts, look: "long" },
        ]}
      />
    </>
  );
}

export function Billers() {
  const { t } = useTranslation();
  const { key, initially } = useFiltersOfPlace("search");
  const term = useTerm();
  return (
    <>
      <PageHead title={t("billers.title")} />
      <List
        key={key}
        initially={initially}
        name="billers"
        caption={t("billers.title")}
        rowKey={({ id }) => id}
        filters={[
          { kind: "search", name: "search", label: t("common.search") },
          {
            kind: "choice",
            name: "status",
            label: t("billers.status"),
            options: ["active", "inactive"].map((value) => ({ value, label: term(value) })),
          },
        ]}
        columns={[
          { head: t("billers.id"), cell: ({ id }) => id, sort: "id", look: "code" },
          { head: t("billers.name"), cell: ({ name }) => name, sort: "name" },
          { head: t("billers.prefix"), cell: ({ prefix }) => prefix, look: "code" },
          { head: t("billers.status"), cell: ({ status }) => <Chip state={status} /> },
          { head: t("billers.inquiry"), cell: ({ inquiry }) => term(inquiry) },
          { head: t("billers.payerFis"), cell: ({ payerFis }) => payerFis },
          { head: t("billers.timeZone"), cell: ({ timeZone }) => timeZone },
        ]}
      />
    </>
  );
}
