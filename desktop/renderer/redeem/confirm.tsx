/** The last look before it cannot be undone: the amount, the voucher, who it is, and what the answer will be worth. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Authentication, RedeemOrder, RedeemResult } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { useAskOnce } from "../once.ts";
import { Facts } from "#ui/parts.tsx";
import type { Checked } from "../screens/redeem.tsx";
import { Recognise } from "./recognise.tsx";

const modeWords = { leased: "modeLeased", online: "modeOnline", "at-risk": "modeAtRisk" } as const;

interface ConfirmProps {
  readonly order: RedeemOrder;
  readonly checked: Checked;
  readonly onBack: () => void;
  readonly onResult: (result: RedeemResult) => void;
}

export function Confirm({ order, checked, onBack, onResult }: ConfirmProps) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const [authentication, setAuthentication] = useState<Authentication | null>(null);
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const place = useRef<HTMLElement>(null);
  // Not the button: the Enter that a scanner sends after the number must not confirm.
  useEffect(() => place.current?.focus({ preventScroll: true }), []);
  const { currency, cash } = checked;
  const paid = cash ? { amount: cash.paid, currency } : undefined;
  const confirm = () =>
    void run(async () => {
      onResult(await askOnce("redeem", { ...order, authentication }));
      return {};
    });
  const action = paid
    ? t("cash.confirm", { amount: money(paid) })
    : t("redeem.confirm", { amount: money(checked) });
  return (
    <section ref={place} tabIndex={-1} className="confirm" aria-labelledby="confirm">
      <h1 id="confirm">{paid ? t("cash.confirmTitle") : t("redeem.confirmTitle")}</h1>
      <div className="columns">
        <div className="card">
          <p className="amount huge">
            <bdi>{money(checked)}</bdi>
          </p>
          <Facts
            rows={[
              [t("redeem.serial"), <bdi key="serial">{checked.serial}</bdi>],
              ...(paid && cash
                ? ([
                    [t("cash.paid"), <strong key="paid">{money(paid)}</strong>],
                    [t("cash.fee"), money({ amount: cash.fee, currency })],
                  ] as const)
                : []),
              [t("redeem.programme"), checked.programme],
              [t("redeem.expires"), moment(checked.expiresAtMs)],
              [t("redeem.how"), t(`redeem.${modeWords[checked.mode]}`)],
            ]}
          />
        </div>
        <Recognise serial={checked.serial} value={authentication} onValue={setAuthentication} />
      </div>
      <div className="decide">
        <Wrong text={wrong} />
        <div className="row">
          <strong>{t("redeem.final")}</strong>
          <button type="button" className="primary large" disabled={isBusy} onClick={confirm}>
            {isBusy ? t(checked.mode === "online" ? "redeem.asking" : "redeem.redeeming") : action}
          </button>
          <button type="button" className="large" disabled={isBusy} onClick={onBack}>
            {t("common.back")}
          </button>
        </div>
      </div>
    </section>
  );
}
