/** Reports: one table each, with what its rows add up to drawn above it. */
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import type { Totals } from "../api.ts";
import { Bars, Parts } from "../charts.tsx";
import { List } from "../list.tsx";
import type { Filter } from "../list.tsx";
import { Chip, Moment, PageHead, Sums } from "../parts.tsx";
import { reportNames } from "../needs.ts";
import { linkTo, usePlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

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

function useFilters() {
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

function Stock() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const term = useTerm();
  const { group, currency } = useFilters();
  return (
    <List
      name="stock"
      caption={t("reports.stock")}
      jsonLines
      rowKey={(row) => `${row.group} ${row.currency} ${row.state}`}
      filters={[group, currency]}
      columns={[
        { head: t("reports.group"), sort: "group", look: "code", cell: (row) => row.group },
        { head: t("reports.state"), cell: ({ state }) => <Chip state={state} /> },
        {
          head: t("reports.quantity"),
          sort: "quantity",
          look: "number",
          cell: ({ quantity }) => number(quantity),
        },
        { head: t("reports.value"), sort: "value", look: "number", cell: ({ value }) => money(value) },
      ]}
      chart={(totals) => (
        <Kinds
          title={t("reports.byState")}
          totals={totals}
          labelOf={term}
          text={(bar) => number(bar.quantity)}
          sizeOf={({ quantity }) => quantity}
        />
      )}
    />
  );
}

function TakeUp() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const { programme, group, currency, search } = useFilters();
  return (
    <List
      name="takeUp"
      caption={t("reports.takeUp")}
      jsonLines
      rowKey={(row) => `${row.programme} ${row.group} ${row.currency} ${row.area ?? ""}`}
      filters={[programme, group, currency, search("area", t("reports.area"))]}
      columns={[
        { head: t("reports.programme"), sort: "programme", look: "code", cell: (row) => row.programme },
        { head: t("reports.group"), look: "code", cell: (row) => row.group },
        { head: t("reports.area"), cell: ({ area }) => area ?? "" },
        { head: t("reports.issued"), sort: "issued", look: "number", cell: ({ issued }) => number(issued) },
        { head: t("reports.activated"), look: "number", cell: ({ activated }) => number(activated) },
        {
          head: t("reports.redeemed"),
          sort: "redeemed",
          look: "number",
          cell: ({ redeemed }) => number(redeemed),
        },
        { head: t("reports.expired"), look: "number", cell: ({ expired }) => number(expired) },
        {
          head: t("reports.redeemedValue"),
          look: "number",
          cell: ({ redeemedValue }) => money(redeemedValue),
        },
      ]}
      chart={({ sums, bars }) => (
        <section className="card">
          <Parts
            title={t("reports.redeemedOfIssued")}
            parts={bars.map(({ label, quantity, of, amount }) => ({
              label: sums.length === 1 ? label : `${label} · ${amount.currency}`,
              part: quantity,
              whole: of ?? 0,
              text: t("reports.partOf", { part: quantity, whole: of ?? 0 }),
            }))}
          />
        </section>
      )}
    />
  );
}

function Budgets() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { programme, group, currency } = useFilters();
  return (
    <List
      name="budgets"
      caption={t("reports.budgets")}
      jsonLines
      rowKey={(row) => `${row.programme} ${row.group} ${row.currency}`}
      filters={[programme, group, currency]}
      columns={[
        { head: t("reports.programme"), sort: "programme", look: "code", cell: (row) => row.programme },
        { head: t("reports.group"), look: "code", cell: (row) => row.group },
        { head: t("reports.limit"), look: "number", cell: ({ limit }) => money(limit) },
        { head: t("reports.used"), sort: "used", look: "number", cell: ({ used }) => money(used) },
        { head: t("reports.redeemed"), look: "number", cell: ({ redeemed }) => money(redeemed) },
        { head: t("reports.left"), look: "number", cell: ({ left }) => money(left) },
      ]}
    />
  );
}

function UnusedLeases() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { merchant, search } = useFilters();
  return (
    <List
      name="unusedLeases"
      caption={t("reports.unusedLeases")}
      jsonLines
      rowKey={({ serial }) => serial}
      filters={[
        {
          kind: "choice",
          name: "days",
          label: t("reports.granted"),
          options: [7, 30].map((days) => ({ value: String(days), label: t("reports.daysAgo", { days }) })),
        },
        merchant,
        search("node", t("reports.node")),
      ]}
      columns={[
        { head: t("reports.serial"), look: "code", cell: ({ serial }) => serial },
        { head: t("reports.amount"), look: "number", cell: ({ amount }) => money(amount) },
        { head: t("reports.merchant"), cell: (row) => row.merchant },
        { head: t("reports.node"), cell: ({ node }) => node },
        {
          head: t("reports.granted"),
          sort: "granted",
          cell: ({ grantedAt }) => <Moment at={grantedAt} />,
        },
        { head: t("reports.ends"), cell: ({ endsAt }) => <Moment at={endsAt} /> },
        { head: t("reports.lastContact"), cell: ({ lastContact }) => <Moment at={lastContact} /> },
      ]}
    />
  );
}

function Settlements() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const term = useTerm();
  const { days, currency, search } = useFilters();
  return (
    <List
      name="settlements"
      caption={t("reports.settlements")}
      jsonLines
      rowKey={(row) => `${row.day} ${row.biller} ${row.payer} ${row.means} ${row.amount.currency}`}
      filters={[
        ...days,
        search("biller", t("reports.biller")),
        search("payer", t("reports.payer")),
        {
          kind: "choice",
          name: "means",
          label: t("reports.means"),
          options: ["account", "voucher", "cash"].map((value) => ({ value, label: term(value) })),
        },
        currency,
      ]}
      columns={[
        { head: t("reports.day"), sort: "day", cell: ({ day }) => day },
        { head: t("reports.biller"), look: "code", cell: ({ biller }) => biller },
        { head: t("reports.payer"), look: "code", cell: ({ payer }) => payer },
        { head: t("reports.means"), cell: ({ means }) => term(means) },
        { head: t("reports.payments"), look: "number", cell: ({ payments }) => number(payments) },
        { head: t("reports.amount"), sort: "amount", look: "number", cell: ({ amount }) => money(amount) },
      ]}
      chart={(totals) => <Days title={t("reports.settlements")} totals={totals} />}
    />
  );
}

function Payouts() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const { days, merchant, currency, search } = useFilters();
  return (
    <List
      name="payouts"
      caption={t("reports.payouts")}
      jsonLines
      rowKey={(row) => `${row.day} ${row.merchant} ${row.fsp ?? ""} ${row.amount.currency}`}
      filters={[...days, merchant, search("fsp", t("reports.fsp")), currency]}
      columns={[
        { head: t("reports.day"), sort: "day", cell: ({ day }) => day },
        { head: t("reports.merchant"), look: "code", cell: (row) => row.merchant },
        { head: t("reports.fsp"), look: "code", cell: ({ fsp }) => fsp ?? t("reports.ownBooks") },
        { head: t("reports.payoutCount"), look: "number", cell: (row) => number(row.payouts) },
        { head: t("reports.amount"), sort: "amount", look: "number", cell: ({ amount }) => money(amount) },
        { head: t("reports.fee"), look: "number", cell: ({ fee }) => money(fee) },
        { head: t("reports.paidOut"), look: "number", cell: ({ paid }) => money(paid) },
      ]}
      chart={(totals) => <Days title={t("reports.payouts")} totals={totals} />}
    />
  );
}

function Fees() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const { currency, search } = useFilters();
  const named = { redemption: t("reports.ofRedemptions"), disbursement: t("reports.ofDisbursements") };
  return (
    <List
      name="fees"
      caption={t("reports.fees")}
      jsonLines
      rowKey={(row) => `${row.month} ${row.kind} ${row.owner} ${row.fee.currency}`}
      filters={[
        search("month", t("reports.month")),
        {
          kind: "choice",
          name: "kind",
          label: t("reports.kind"),
          options: Object.entries(named).map(([value, label]) => ({ value, label })),
        },
        search("owner", t("reports.feeOwner")),
        currency,
      ]}
      columns={[
        { head: t("reports.month"), sort: "month", cell: ({ month }) => month },
        { head: t("reports.kind"), cell: ({ kind }) => named[kind] },
        { head: t("reports.feeOwner"), look: "code", cell: ({ owner }) => owner },
        { head: t("reports.payments"), look: "number", cell: ({ payments }) => number(payments) },
        { head: t("reports.amount"), look: "number", cell: ({ amount }) => money(amount) },
        { head: t("reports.fee"), sort: "fee", look: "number", cell: ({ fee }) => money(fee) },
      ]}
      chart={(totals) => (
        <Kinds
          title={t("reports.feesByOwner")}
          totals={totals}
          labelOf={(owner) => owner}
          text={(bar) => money(bar.amount)}
          sizeOf={({ amount }) => Number(amount.amount)}
        />
      )}
    />
  );
}

function Accounts() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const term = useTerm();
  const { currency, search } = useFilters();
  return (
    <List
      name="accounts"
      caption={t("reports.accounts")}
      jsonLines
      rowKey={({ kind, owner, balance }) => `${kind} ${owner} ${balance.currency}`}
      filters={[
        {
          kind: "choice",
          name: "wrong",
          label: t("reports.which"),
          options: [{ value: "yes", label: t("reports.differing") }],
        },
        {
          kind: "choice",
          name: "kind",
          label: t("reports.account"),
          options: accountKinds.map((value) => ({ value, label: term(`account-${value}`) })),
        },
        search("owner", t("reports.owner")),
        currency,
      ]}
      columns={[
        { head: t("reports.account"), sort: "account", cell: ({ kind }) => term(`account-${kind}`) },
        { head: t("reports.owner"), look: "code", cell: ({ owner }) => shortened(owner) },
        { head: t("reports.balance"), sort: "balance", look: "number", cell: (row) => money(row.balance) },
        { head: t("reports.byEntries"), look: "number", cell: ({ journal }) => money(journal) },
        {
          head: t("reports.byRows"),
          look: "number",
          cell: ({ rows }) => (rows === null ? "" : money(rows)),
        },
        {
          head: t("reports.compared"),
          cell: ({ isWrong }) => <Chip state={isWrong ? "differs" : "agrees"} />,
        },
      ]}
    />
  );
}

/** A payee is named by its index, of 64 letters; files hold it whole. */
function shortened(owner: string): string {
  return owner.length > 24 ? `…${owner.slice(-12)}` : owner;
}

const accountKinds = [
  "external",
  "funding",
  "reserved",
  "owed",
  "merchant",
  "fsp",
  "fspHeld",
  "fspDue",
  "fees",
  "guarantee",
  "billHeld",
  "biller",
  "float",
  "agency",
  "disbursement",
  "payee",
];

type Bar = Totals["bars"][number];

interface KindsProps {
  readonly title: string;
  readonly totals: Totals;
  readonly labelOf: (label: string) => string;
  readonly text: (bar: Bar) => string;
  readonly sizeOf: (bar: Bar) => number;
}

/** A bar for each kind of thing; those of one currency are measured by the largest of them. */
function Kinds({ title, totals: { sums, bars }, labelOf, text, sizeOf }: KindsProps) {
  const largest = (currency: string) =>
    Math.max(...bars.filter(({ amount }) => amount.currency === currency).map(sizeOf));
  return (
    <section className="card">
      <Parts
        title={title}
        parts={bars.map((bar) => {
          const { currency } = bar.amount;
          return {
            label: sums.length === 1 ? labelOf(bar.label) : `${labelOf(bar.label)} · ${currency}`,
            part: sizeOf(bar),
            whole: largest(currency),
            text: text(bar),
          };
        })}
      />
    </section>
  );
}

const leastDays = 14;
const mostDays = 31;
const dayMs = 86_400_000;

/** The sum in each currency, and a bar for each of its last days. */
function Days({ title, totals: { sums, bars } }: { readonly title: string; readonly totals: Totals }) {
  const { t, i18n } = useTranslation();
  const { money } = useFormats();
  const short = new Intl.NumberFormat(i18n.language, { notation: "compact" });
  return (
    <>
      <dl className="big-numbers">
        {sums.map(({ quantity, amount }) => (
          <Sums
            key={amount.currency}
            title={t("reports.inAll", { currency: amount.currency })}
            look="settled"
            sums={[{ quantity, ...amount }]}
          />
        ))}
      </dl>
      <div className="two">
        {sums.map(({ amount: { currency } }) => (
          <section key={currency} className="card">
            <Bars
              title={t("reports.perDay", { title, currency })}
              heads={[t("reports.day"), t("reports.amount")]}
              bars={everyDay(bars.filter(({ amount }) => amount.currency === currency)).map(
                ([label, bar]) => {
                  const amount = bar?.amount ?? { amount: "0", currency };
                  const value = Number(amount.amount);
                  return { label, value, text: money(amount), short: short.format(value) };
                },
              )}
            />
          </section>
        ))}
      </div>
    </>
  );
}

/** Up to the last of them, those on which nothing was paid too. */
function everyDay(bars: readonly Bar[]): (readonly [string, Bar | undefined])[] {
  const [last] = bars;
  const first = bars.at(-1);
  if (!last || !first) return [];
  const span = (Date.parse(last.label) - Date.parse(first.label)) / dayMs;
  const count = Math.min(mostDays, Math.max(leastDays, span + 1));
  return Array.from({ length: count }, (_, place) => {
    const at = Date.parse(last.label) - (count - 1 - place) * dayMs;
    const day = new Date(at).toISOString().slice(0, 10);
    return [day, bars.find(({ label }) => label === day)] as const;
  });
}
