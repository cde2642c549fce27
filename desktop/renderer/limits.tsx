/** What may still be accepted without a connection, seen before it runs out. */
import { useTranslation } from "react-i18next";
import type { SyncState } from "../protocol.ts";
import { useFormats } from "#ui/format.ts";

export function LimitGauges({ limits }: Pick<SyncState, "limits">) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  return (
    <section className="boxed">
      <h2>{t("sync.limits")}</h2>
      {limits.kind === "no-policy" && <p>{t("sync.limitsNoPolicy")}</p>}
      {limits.kind === "not-fetched" && <p>{t("sync.limitsNotFetched")}</p>}
      {limits.kind === "reserved-only" && <p>{t("sync.limitsReserved")}</p>}
      {limits.kind === "at-risk" && (
        <>
          <p>{t("sync.limitsAtRisk")}</p>
          {limits.amounts.map(({ currency, left, most }) => (
            <Meter
              key={currency}
              label={t("sync.amount", { currency })}
              left={Number(left)}
              most={Number(most)}
              text={t("sync.leftOf", {
                left: money({ amount: left, currency }),
                most: money({ amount: most, currency }),
              })}
            />
          ))}
          {(["redemptions", "hours", "denyListHours"] as const).map((gauge) => (
            <Meter
              key={gauge}
              label={t(`sync.${gauge}`)}
              {...limits[gauge]}
              text={t("sync.leftOf", {
                left: number(limits[gauge].left),
                most: number(limits[gauge].most),
              })}
            />
          ))}
        </>
      )}
    </section>
  );
}

interface MeterProps {
  readonly label: string;
  readonly left: number;
  readonly most: number;
  readonly text: string;
}

export function Meter({ label, left, most, text }: MeterProps) {
  return (
    <label className="gauge">
      <span>{label}</span>
      <span>{text}</span>
      <meter min={0} max={Math.max(most, 1)} low={most / 4} high={most / 2} optimum={most} value={left} />
    </label>
  );
}
