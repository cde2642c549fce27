/** The answer: received for now, credited, or not; it becomes what the server says as soon as that is here. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { BillPayment, BillPaymentDetail, Refused } from "../../protocol.ts";
import { useReasonWords, useRefusalWords } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import type { IconName } from "#ui/icons.tsx";
import { useAnswer } from "../till.ts";
import { BillReceipt, useStandingText } from "./receipt.tsx";

interface NextProps {
  readonly onNext: () => void;
}

export function BillOutcome({ payment, onNext }: NextProps & { readonly payment: BillPayment }) {
  const { t } = useTranslation();
  const { sequence } = payment;
  const { result } = useAnswer("bill-payment", { sequence });
  const now = result?.ok ? result : { ...payment, givenBack: null };
  return (
    <div className="outcomes">
      <div>
        <Answer payment={now} />
        <div className="row after">
          <button type="button" className="primary large wide" onClick={onNext}>
            {t("bills.next")}
          </button>
        </div>
      </div>
      <BillReceipt sequence={sequence} />
    </div>
  );
}

export function BillRefused({ refusal, onNext }: NextProps & { readonly refusal: Refused }) {
  const { t } = useTranslation();
  const words = useRefusalWords();
  return (
    <div className="outcomes">
      <div>
        <Large look="no" icon="no" title={t("redeem.no")} todo={t("bills.doNot")} text={words(refusal)} />
        <div className="row after">
          <button type="button" className="primary large wide" onClick={onNext}>
            {t("bills.next")}
          </button>
        </div>
      </div>
    </div>
  );
}

type Shown = BillPayment & Pick<BillPaymentDetail, "givenBack">;

function Answer({ payment }: { readonly payment: Shown }) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const reasons = useReasonWords();
  const title = useStandingText()(payment);
  const { standing, serial, reason, isHeld } = payment;
  const amount = money(payment);
  switch (standing) {
    case "pending": {
      const isCash = serial === null;
      const todo = t(isCash ? "bills.creditLater" : "bills.confirmLater");
      const more = isHeld ? { text: t("bills.asking") } : {};
      return (
        <Large
          look={isCash ? "maybe" : "wait"}
          icon="wait"
          title={title}
          amount={amount}
          todo={todo}
          {...more}
        />
      );
    }
    case "settled":
      return <Large look="yes" icon="yes" title={title} amount={amount} todo={t("bills.creditedText")} />;
    case "refund":
    case "ended": {
      const todo = t("bills.notPaidText", { reason: reason === null ? "" : reasons.clause(reason) });
      return <Large look="no" icon="no" title={title} amount={amount} todo={todo} />;
    }
  }
}

interface LargeProps {
  readonly look: "yes" | "maybe" | "wait" | "no";
  readonly icon: IconName;
  readonly title: string;
  readonly todo: string;
  readonly amount?: string;
  readonly text?: string;
}

function Large({ look, icon, title, todo, amount, text }: LargeProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus({ preventScroll: true }), [look]);
  return (
    <div ref={place} tabIndex={-1} className={`outcome ${look}`} role="status" aria-labelledby="outcome">
      <Icon name={icon} />
      <h1 id="outcome">{title}</h1>
      {amount !== undefined && (
        <p className="amount">
          <bdi>{amount}</bdi>
        </p>
      )}
      <p className="todo">{todo}</p>
      {text !== undefined && <p>{text}</p>}
    </div>
  );
}
