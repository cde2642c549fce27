/** Batches in which vouchers are made: how far they are, and what became of their vouchers. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Share } from "../charts.tsx";
import { List } from "../list.tsx";
import { Moment, PageHead } from "../parts.tsx";

const ways = ["request", "file", "reissue", "single"] as const;

export function VoucherBatches() {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (
    <>
      <PageHead title={t("voucherBatches.title")} />
      <List
        name="voucherBatches"
        caption={t("voucherBatches.title")}
        live
        rowKey={(row) => `${row.institution} ${row.batch} ${row.createdAt}`}
        filters={[
          { kind: "search", name: "search", label: t("voucherBatches.batch") },
          { kind: "search", name: "institution", label: t("voucherBatches.institution") },
          { kind: "search", name: "programme", label: t("voucherBatches.programme") },
          {
            kind: "choice",
            name: "open",
            label: t("voucherBatches.which"),
            options: [{ value: "yes", label: t("voucherBatches.unfinished") }],
          },
        ]}
        columns={[
          { head: t("voucherBatches.batch"), sort: "id", cell: ({ batch }) => batch },
          { head: t("voucherBatches.institution"), cell: ({ institution }) => institution },
          { head: t("voucherBatches.programme"), cell: ({ programme }) => programme },
          {
            head: t("voucherBatches.kind"),
            cell: ({ kind }) => t(`voucherBatches.${ways.find((way) => way === kind) ?? "payments"}`),
          },
          { head: t("voucherBatches.received"), cell: ({ createdAt }) => <Moment at={createdAt} /> },
          {
            head: t("voucherBatches.finished"),
            cell: ({ completedAt }) =>
              completedAt === null ? t("voucherBatches.unfinished") : <Moment at={completedAt} />,
          },
          {
            head: t("voucherBatches.made"),
            cell: ({ made, total }) => (
              <span className="stack">
                {t("voucherBatches.madeOf", { made, total })}
                <Share part={made} whole={total} />
              </span>
            ),
          },
          { head: t("voucherBatches.failed"), look: "number", cell: ({ failed }) => number(failed) },
          { head: t("voucherBatches.activated"), look: "number", cell: (row) => number(row.activated) },
          { head: t("voucherBatches.redeemed"), look: "number", cell: ({ redeemed }) => number(redeemed) },
        ]}
      />
    </>
  );
}
