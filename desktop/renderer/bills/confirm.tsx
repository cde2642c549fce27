/** The last look before it cannot be undone: amount, bill and payer. Asked twice it is done once. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { BillCheck, BillPayment, BillVoucher, Refused } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Facts } from "#ui/parts.tsx";
import { useAskOnce } from "../once.ts";

interface ConfirmProps {
  readonly checked: BillCheck;
  readonly voucher: BillVoucher | null;
  readonly onBack: () => void;
  readonly onTaken: (payment: BillPayment) => void;
  readonly onRefused: (refusal: Refused) => void;
}

export function ConfirmBill({ checked, voucher, onBack, onTaken, onRefused }: ConfirmProps) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const askOnce = useAskOnce();
  const { isBusy, wrong, run } = useAction();
  const place = useRef<HTMLElement>(null);
  // Not the button: the Enter that a scanner sends must not confirm.
  useEffect(() => place.current?.focus({ preventScroll: true }), []);
  const { billId, billerName, payerName, serial, float, amount, currency } = checked;
  const confirm = () =>
    void run(async () => {
      const taken = await askOnce("pay-bill", { billId, voucher, amount, currency });
      if (taken.ok) onTaken(taken.payment);
      else onRefused(taken);
      return {};
    });
  const action =
    serial === null
      ? t("bills.doCash", { amount: money(checked), bill: billId })
      : t("bills.doVoucher", { bill: billId });
  return (
    <section ref={place} tabIndex={-1} className="confirm" aria-labelledby="confirm">
      <h1 id="confirm">{t(serial === null ? "bills.confirmCash" : "bills.confirmVoucher")}</h1>
      <div className="columns">
        <div className="card">
          <p className="amount huge">
            <bdi>{money(checked)}</bdi>
          </p>
          <Facts
            rows={[
              [t("bills.bill"), <strong key="bill">{billId}</strong>],
              [
                t("bills.payer"),
                <strong key="payer">
                  <bdi>{payerName ?? t("common.none")}</bdi>
                </strong>,
              ],
              [t("bills.biller"), <bdi key="biller">{billerName}</bdi>],
              [t("bills.means"), serial === null ? t("bills.cash") : t("bills.voucher", { serial })],
              ...(float === null
                ? []
                : [[t("bills.floatAfter"), money({ amount: float.after, currency })] as const]),
            ]}
          />
        </div>
        <div>
          <p>
            <strong>{t(serial === null ? "bills.final" : "bills.finalVoucher")}</strong>
          </p>
          <Wrong text={wrong} />
          <div className="row">
            <button type="button" className="primary large" disabled={isBusy} onClick={confirm}>
              {isBusy ? t("bills.recording") : action}
            </button>
            <button type="button" className="large" disabled={isBusy} onClick={onBack}>
              {t("common.back")}
            </button>
          </div>
        </div>
      </div>
    </section>
  );
}
