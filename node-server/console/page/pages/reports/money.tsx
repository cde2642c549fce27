/** Reports of money: what was settled, paid out and charged, and whether the books agree. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { List } from "../../list.tsx";
import { Chip } from "../../parts.tsx";
import { useTerm } from "../../words.ts";
import { Days, Kinds } from "./charts.tsx";
import { useFilters } from "./filters.ts";

export function Settlements() {
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

export function Payouts() {
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

export function Fees() {
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

export function Accounts() {
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
