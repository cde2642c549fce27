/** The filters that reports share. */
import { useTranslation } from "react-i18next";
import type { Filter } from "../../list.tsx";

export function useFilters() {
  const { t } = useTranslation();
  const search = (name: string, label: string): Filter => ({ kind: "search", name, label });
  return {
    programme: search("programme", t("reports.programme")),
    group: search("group", t("reports.group")),
    currency: search("currency", t("reports.currency")),
    merchant: search("merchant", t("reports.merchant")),
    days: (["from", "until"] as const).map((name): Filter => ({
      kind: "day",
      name,
      label: t(`reports.${name}`),
    })),
    search,
  };
}
