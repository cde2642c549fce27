/** The float: what is left of it, what was paid in, and how to pay in more. */
import { useTranslation } from "react-i18next";
import type { BillDesk } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import { ask } from "../till.ts";
import { FloatGauge } from "./parts.tsx";

export function FloatScreen({ desk }: { readonly desk: BillDesk }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const { isBusy, wrong, run } = useAction();
  const { floats, topUps } = desk;
  return (
    <>
      <section className="boxed">
        <p>{t("bills.floatHint")}</p>
        {floats.length === 0 && <p className="banner warn">{t("bills.floatNone")}</p>}
        {floats.map((float) => (
          <FloatGauge key={float.currency} float={float} />
        ))}
        <p className="hint">{t("bills.topUpsHow")}</p>
        <button type="button" disabled={isBusy} onClick={() => void run(() => ask("sync", {}))}>
          <Icon name="sync" />
          {isBusy ? t("sync.runningShort") : t("sync.now")}
        </button>
        <Wrong text={wrong} />
      </section>
      {topUps.length === 0 ? (
        <p>{t("bills.topUpsNone")}</p>
      ) : (
        <div className="scroller">
          <table className="folds">
            <caption>{t("bills.topUps")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("bills.when")}</th>
                <th scope="col" className="number">
                  {t("redeem.amount")}
                </th>
                <th scope="col">{t("bills.settledDebt")}</th>
              </tr>
            </thead>
            <tbody>
              {topUps.map((topUp) => (
                <tr key={topUp.id}>
                  <th scope="row">{moment(topUp.atMs)}</th>
                  <td className="number">
                    <bdi>{money(topUp)}</bdi>
                  </td>
                  <td>
                    <bdi>
                      {Number(topUp.settled) === 0
                        ? t("common.none")
                        : money({ amount: topUp.settled, currency: topUp.currency })}
                    </bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
