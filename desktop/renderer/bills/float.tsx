/** The float: what is left of it, what was paid in, and how to pay in more. */
import { useTranslation } from "react-i18next";
import type { BillDesk } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
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
        <Table
          caption={t("bills.topUps")}
          rows={topUps}
          keyOf={({ id }) => id}
          columns={[
            { title: t("bills.when"), cell: ({ atMs }) => moment(atMs) },
            { title: t("redeem.amount"), look: "number", cell: (topUp) => <bdi>{money(topUp)}</bdi> },
            {
              title: t("bills.settledDebt"),
              cell: ({ settled, currency }) => (
                <bdi>{Number(settled) === 0 ? t("common.none") : money({ amount: settled, currency })}</bdi>
              ),
            },
          ]}
        />
      )}
    </>
  );
}
