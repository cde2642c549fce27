/** One bill: whose it is, what pays it and until when, how it stands, and the two ways to pay it here. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Bill, BillCheck, BillDesk, BillDetail, Refused } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Dialog, Facts } from "#ui/parts.tsx";
import { ask, useAnswer } from "../till.ts";
import { BillRefused } from "./outcome.tsx";
import { BillAge, BillChip, FloatGauge, useDay } from "./parts.tsx";
import { BillReceipt } from "./receipt.tsx";

interface DetailsProps {
  readonly billId: string;
  readonly floats: BillDesk["floats"];
  readonly onCash: (checked: BillCheck | Refused) => void;
  readonly onVoucher: (bill: Bill) => void;
  readonly onBack: () => void;
}

export function BillDetails({ billId, floats, onCash, onVoucher, onBack }: DetailsProps) {
  const { t } = useTranslation();
  const { result } = useAnswer("bill", { billId });
  if (!result) return <p role="status">{t("common.working")}</p>;
  if (!result.ok) return <BillRefused refusal={result} onNext={onBack} />;
  return <Known bill={result} floats={floats} onCash={onCash} onVoucher={onVoucher} onBack={onBack} />;
}

interface KnownProps extends Omit<DetailsProps, "billId"> {
  readonly bill: BillDetail;
}

function Known({ bill, floats, onCash, onVoucher, onBack }: KnownProps) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const day = useDay();
  const { isBusy, wrong, run } = useAction();
  const [isShown, setShown] = useState(false);
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.focus({ preventScroll: true }), []);
  const { billId, billerName, payerName, area, currency, dueOn, state, sequence } = bill;
  const mayPay = state === "open" || state === "overdue";
  const float = floats.find((one) => one.currency === currency);
  const of = (amount: string) => <bdi key={amount}>{money({ amount, currency })}</bdi>;
  const takeCash = () =>
    void run(async () => {
      onCash(await ask("check-bill", { billId, voucher: null }));
      return {};
    });
  return (
    <section ref={place} tabIndex={-1} aria-labelledby="bill">
      <h1 id="bill">
        {t("bills.bill")} <bdi className="code">{billId}</bdi>
      </h1>
      <div className="columns">
        <div className="card">
          <p className="soft">{t("bills.dueNow")}</p>
          <p className="amount huge">
            <bdi>{money(bill)}</bdi>
          </p>
          <p>
            <BillChip bill={bill} />
          </p>
          <Facts
            rows={[
              [t("bills.payer"), <bdi key="payer">{payerName ?? t("common.none")}</bdi>],
              [t("bills.biller"), <bdi key="biller">{billerName}</bdi>],
              ...(area === null ? [] : [[t("bills.area"), <bdi key="area">{area}</bdi>] as const]),
              ...(dueOn === null
                ? []
                : ([
                    [t("bills.onDue", { date: day(dueOn) }), of(bill.onDue)],
                    [t("bills.afterDue", { date: day(dueOn) }), of(bill.afterDue)],
                  ] as const)),
            ]}
          />
        </div>
        <div>
          <BillAge asOfMs={bill.asOfMs} />
          {mayPay ? (
            <>
              {float ? <FloatGauge float={float} /> : <p className="banner warn">{t("bills.floatNone")}</p>}
              <div className="row">
                <button type="button" className="primary large" disabled={isBusy} onClick={takeCash}>
                  {isBusy ? t("common.working") : t("bills.takeCash")}
                </button>
                {bill.takesVouchers && (
                  <button type="button" className="large" onClick={() => onVoucher(bill)}>
                    {t("bills.takeVoucher")}
                  </button>
                )}
              </div>
            </>
          ) : (
            <p className="banner bad">{t("bills.takeNothing")}</p>
          )}
          <Wrong text={wrong} />
          <div className="row after">
            {sequence !== null && (
              <button type="button" onClick={() => setShown(true)}>
                {t("bills.showReceipt")}
              </button>
            )}
            <button type="button" onClick={onBack}>
              {t("common.back")}
            </button>
          </div>
        </div>
      </div>
      {isShown && sequence !== null && (
        <Dialog title={t("bills.receiptTitle")} onClose={() => setShown(false)}>
          <BillReceipt sequence={sequence} />
          <form method="dialog" className="after">
            <button className="wide">{t("common.close")}</button>
          </form>
        </Dialog>
      )}
    </section>
  );
}
