/** What the screens of bills are made of. */
import { useTranslation } from "react-i18next";
import { billStandings } from "../../protocol.ts";
import type { Bill, BillDesk, BillPaymentDetail, BillStanding, BillTotals, Float } from "../../protocol.ts";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import type { IconName } from "#ui/icons.tsx";
import { Meter } from "../limits.tsx";

const standingLooks = {
  settled: "settled",
  pending: "pending",
  refund: "disputed",
  ended: "writtenOff",
} as const;
const standingIcons: Readonly<Record<BillStanding, IconName>> = {
  settled: "yes",
  pending: "wait",
  refund: "disputes",
  ended: "no",
};

/** What became of a payment, by words, colour and shape. */
export function StandingChip({ standing }: { readonly standing: BillStanding }) {
  const { t } = useTranslation();
  return (
    <span className={`chip look-${standingLooks[standing]}`}>
      <Icon name={standingIcons[standing]} />
      {t(`bills.${standing}`)}
    </span>
  );
}

/** The four sums side by side, never added up. */
export function BillCards({ totals }: Pick<BillTotals, "totals">) {
  const { t } = useTranslation();
  const { money } = useFormats();
  return (
    <div className="cards">
      {billStandings.map((standing) => (
        <section key={standing} className={`card standing look-${standingLooks[standing]}`}>
          <h2>
            <Icon name={standingIcons[standing]} />
            {t(`bills.${standing}`)}
          </h2>
          {totals[standing].length === 0 && <p className="soft">{t("common.none")}</p>}
          {totals[standing].map((sum) => (
            <p key={sum.currency}>
              <bdi className="amount">{money(sum)}</bdi>
              <span className="soft">{t("bills.count", { count: sum.count })}</span>
            </p>
          ))}
          <p className="hint">{t(`bills.${standing}Text`)}</p>
        </section>
      ))}
    </div>
  );
}

const billLooks = {
  open: "offline",
  overdue: "disputed",
  received: "pending",
  beingPaid: "pending",
  paid: "settled",
} as const;

export function BillChip({ bill }: { readonly bill: Pick<Bill, "state" | "daysOverdue"> }) {
  const { t } = useTranslation();
  const { state, daysOverdue } = bill;
  return (
    <span className={`chip look-${billLooks[state]}`}>
      {t(`bills.${state}`)}
      {state === "overdue" && ` · ${t("bills.late", { count: daysOverdue })}`}
    </span>
  );
}

/** A day that is one wherever the till is. */
export function useDay(): (day: string) => string {
  const { i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeZone: "UTC" });
  return (day) => format.format(Date.parse(day));
}

const oldAfterMs = 24 * 3_600_000;

/** How old what is shown is. */
export function BillAge({ asOfMs }: Pick<BillDesk, "asOfMs">) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  if (asOfMs === null) return <p className="banner warn">{t("bills.never")}</p>;
  const when = moment(asOfMs);
  if (Date.now() - asOfMs > oldAfterMs) return <p className="banner warn">{t("bills.old", { when })}</p>;
  return <p className="soft">{t("bills.asOf", { when })}</p>;
}

export function FloatGauge({ float }: { readonly float: Float }) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { currency, left, most, owed } = float;
  const of = (amount: string) => money({ amount, currency });
  return (
    <>
      <Meter
        label={t("bills.floatTitle", { currency })}
        left={Math.max(Number(left), 0)}
        most={Number(most)}
        text={t("sync.leftOf", { left: of(left), most: of(most) })}
      />
      {Number(left) * 4 < Number(most) && <p className="banner warn">{t("bills.floatLow")}</p>}
      {Number(owed) > 0 && <p className="banner bad">{t("bills.owed", { amount: of(owed) })}</p>}
    </>
  );
}

const meansWords = { account: "account", cash: "cashMeans", voucher: "voucherMeans" } as const;

/** Who was first, when and with how much, as one line. */
export function useFirstText(): (first: NonNullable<BillPaymentDetail["first"]>) => string {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  return (first) =>
    t("bills.firstText", {
      who: first.takenBy,
      when: moment(first.atMs),
      amount: money(first),
      means: t(`bills.${meansWords[first.means]}`),
    });
}
