/** The receipt of a bill's payment: what was received, and later under the same number what became of it. */
import { useTranslation } from "react-i18next";
import type { BillPaymentDetail, TillState } from "../../protocol.ts";
import { useReasonWords } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Facts } from "#ui/parts.tsx";
import { ReceiptSheet, SquareCode, useReceiptCode } from "../receipt.tsx";
import type { Code } from "../receipt.tsx";
import { useAnswer, useTill } from "../till.ts";
import { useFirstText } from "./parts.tsx";

export function BillReceipt({ sequence }: { readonly sequence: number }) {
  const state = useTill();
  const { result } = useAnswer("bill-payment", { sequence });
  const payment = result?.ok ? result : undefined;
  const code = useReceiptCode(payment, state.till?.nodeId ?? "", state.settings.paper);
  if (!payment) return null;
  return <ReceiptSheet {...payment} paper={<BillPaper payment={payment} state={state} code={code} />} />;
}

interface BillPaperProps {
  readonly payment: BillPaymentDetail;
  readonly state: TillState;
  readonly code: Code | undefined;
}

function BillPaper({ payment, state: { till, practice }, code }: BillPaperProps) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const reasons = useReasonWords();
  const firstText = useFirstText();
  const standingText = useStandingText();
  const { sequence, billId, billerName, payerName, serial, actor, createdMs, reason } = payment;
  const { transactionId, decidedMs, first, givenBack } = payment;
  const rows = [
    [t("bills.bill"), <bdi key="bill">{billId}</bdi>],
    [t("bills.biller"), <bdi key="biller">{billerName}</bdi>],
    ...(payerName === null ? [] : [[t("bills.payer"), <bdi key="payer">{payerName}</bdi>] as const]),
    [t("bills.means"), serial === null ? t("bills.cash") : t("bills.voucher", { serial })],
    [t("receipt.time"), moment(createdMs)],
    [t("people.cashier"), <bdi key="actor">{actor}</bdi>],
    [t("bills.receiptNumber"), <bdi key="number">{`${till?.nodeId.slice(-6)} / ${sequence}`}</bdi>],
    ...(reason === null ? [] : [[t("receipt.reason"), reasons.sentence(reason)] as const]),
    ...(first === null ? [] : [[t("bills.firstTitle"), firstText(first)] as const]),
    ...(givenBack === null
      ? []
      : [
          [
            t("bills.givenBack"),
            t("bills.givenBackBy", { who: givenBack.by, when: moment(givenBack.atMs) }),
          ] as const,
        ]),
    ...(transactionId === null
      ? []
      : [[t("receipt.reference"), <bdi key="reference">{transactionId}</bdi>] as const]),
    ...(decidedMs === null ? [] : [[t("receipt.decided"), moment(decidedMs)] as const]),
  ] as const;
  return (
    <article className="receipt paper" aria-label={t("bills.receiptTitle")}>
      {practice && <p className="standing-line">{t("practice.banner")}</p>}
      <h2>{till?.merchantName}</h2>
      <p>{t("bills.receiptTitle")}</p>
      <p className="amount">
        <bdi>{money(payment)}</bdi>
      </p>
      <p className="standing-line">{standingText(payment)}</p>
      <Facts rows={rows} />
      <SquareCode code={code} />
    </article>
  );
}

/** The one sentence that whoever paid has to know. */
export function useStandingText(): (
  payment: Pick<BillPaymentDetail, "standing" | "serial" | "givenBack">,
) => string {
  const { t } = useTranslation();
  return ({ standing, serial }) => {
    switch (standing) {
      case "pending":
        return t(serial === null ? "bills.cashReceived" : "bills.voucherReserved");
      case "settled":
        return t("bills.credited");
      case "refund":
        return t("bills.notPaid");
      case "ended":
        return t(serial === null ? "bills.overGivenBack" : "bills.overVoucher");
    }
  };
}
