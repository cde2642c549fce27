/** Cash that paid no bill: whose it is, who was first, and the record that it was given back. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BillPaymentDetail } from "../../protocol.ts";
import { useAction, useReasonWords, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Dialog, Facts } from "#ui/parts.tsx";
import { useAnswer } from "../till.ts";
import { useAskOnce } from "../once.ts";
import { StandingChip, useFirstText } from "./parts.tsx";
import { BillReceipt } from "./receipt.tsx";

export function BillRefundList() {
  const { t } = useTranslation();
  const { result } = useAnswer("bill-refunds", {});
  const [opened, setOpened] = useState<BillPaymentDetail>();
  if (!result) return <p role="status">{t("common.working")}</p>;
  return (
    <>
      <p>{result.payments.length === 0 ? t("bills.refundsNone") : t("bills.refundsIntro")}</p>
      {result.payments.map((payment) => (
        <RefundCard key={payment.sequence} payment={payment} onOpen={() => setOpened(payment)} />
      ))}
      {opened && <GiveBack payment={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

interface RefundCardProps {
  readonly payment: BillPaymentDetail;
  readonly onOpen: () => void;
}

function RefundCard({ payment, onOpen }: RefundCardProps) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const reasons = useReasonWords();
  const firstText = useFirstText();
  const { billId, payerName, billerName, reason, first, createdMs, actor } = payment;
  return (
    <section className="card standing look-disputed" aria-label={billId}>
      <h2>
        <bdi className="code">{billId}</bdi>
        <StandingChip standing={payment.standing} />
      </h2>
      <p className="amount">
        <bdi>{money(payment)}</bdi>
      </p>
      <Facts
        rows={[
          [t("bills.payer"), <bdi key="payer">{payerName ?? t("common.none")}</bdi>],
          [t("bills.biller"), <bdi key="biller">{billerName}</bdi>],
          [t("receipt.time"), moment(createdMs)],
          [t("people.cashier"), <bdi key="actor">{actor}</bdi>],
          ...(reason === null ? [] : [[t("receipt.reason"), reasons.sentence(reason)] as const]),
          ...(first === null ? [] : [[t("bills.firstTitle"), firstText(first)] as const]),
        ]}
      />
      <button type="button" className="primary" onClick={onOpen}>
        {t("bills.giveBack", { amount: money(payment) })}
      </button>
    </section>
  );
}

interface GiveBackProps {
  readonly payment: BillPaymentDetail;
  readonly onClose: () => void;
}

/** It names amount, bill and payer, and is recorded once. */
function GiveBack({ payment, onClose }: GiveBackProps) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const askOnce = useAskOnce();
  const [isDone, setDone] = useState(false);
  const { isBusy, wrong, run } = useAction();
  const { sequence, billId, payerName } = payment;
  const amount = money(payment);
  const record = () =>
    void run(async () => {
      const done = await askOnce("refund-bill", { sequence });
      if (done.ok) setDone(true);
      return done;
    });
  return (
    <Dialog title={t(isDone ? "bills.givenBack" : "bills.giveBackTitle")} onClose={onClose}>
      {isDone ? (
        <>
          <p role="status" className="banner good">
            {t("bills.recorded")}
          </p>
          <BillReceipt sequence={sequence} />
        </>
      ) : (
        <>
          <p>
            {t("bills.giveBackText", { amount, bill: billId, payer: payerName ?? t("bills.whoeverPaid") })}
          </p>
          <Wrong text={wrong} />
          <button type="button" className="primary large" disabled={isBusy} onClick={record}>
            {isBusy ? t("bills.recording") : t("bills.giveBackDo", { amount })}
          </button>
        </>
      )}
      <form method="dialog" className="after">
        <button className="wide">{t(isDone ? "common.close" : "common.cancel")}</button>
      </form>
    </Dialog>
  );
}
