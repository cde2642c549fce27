/** Reports: one table each, with what its rows add up to drawn above it. */
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { PageHead } from "../parts.tsx";
import { reportNames } from "../needs.ts";
import { linkTo, usePlace } from "../place.ts";
import { useMay } from "../session.ts";
import { Accounts, Fees, Payouts, Settlements } from "./reports/money.tsx";
import { Budgets, Stock, TakeUp, UnusedLeases } from "./reports/vouchers.tsx";

const reports = {
  accounts: Accounts,
  stock: Stock,
  takeUp: TakeUp,
  budgets: Budgets,
  unusedLeases: UnusedLeases,
  settlements: Settlements,
  payouts: Payouts,
  fees: Fees,
} as const satisfies Readonly<Record<(typeof reportNames)[number], ComponentType>>;

export function Reports() {
  const { t } = useTranslation();
  const may = useMay();
  const { rest } = usePlace();
  const allowed = reportNames.filter(may);
  const name = allowed.find((one) => one === rest[0]) ?? allowed[0];
  if (name === undefined) return null;
  const Report = reports[name];
  return (
    <>
      <PageHead title={t("reports.title")} />
      <nav className="tabs" aria-label={t("reports.title")}>
        {allowed.map((one) => (
          <a key={one} href={linkTo("reports", one)} aria-current={one === name ? "page" : undefined}>
            {t(`reports.${one}`)}
          </a>
        ))}
      </nav>
      <p className="soft">{t(`reports.${name}Text`)}</p>
      <Report key={name} />
    </>
  );
}
