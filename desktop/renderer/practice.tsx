/** The make-believe till: the way out of it, and the vouchers and bills that can be tried. */
import { useTranslation } from "react-i18next";
import type { PracticeVoucher } from "../protocol.ts";
import { useAction, Wrong } from "./action.tsx";
import { useFormats } from "#ui/format.ts";
import { ask, useAnswer, useTill } from "./till.ts";

export function LeavePractice() {
  const { t } = useTranslation();
  const { practice } = useTill();
  const { isBusy, wrong, run } = useAction();
  if (!practice) return null;
  return (
    <>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void run(() => ask("practice", { on: false, fresh: false }))}
      >
        {t("practice.leave")}
      </button>
      <Wrong text={wrong} />
    </>
  );
}

/** Where a voucher is asked for: those that there are to try, and what each will show. */
export function PracticeVouchers({ onChoose }: { readonly onChoose: (voucher: PracticeVoucher) => void }) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { result } = useAnswer("practice-vouchers", {});
  const unused = (result?.vouchers ?? []).filter(({ used }) => !used);
  return (
    <section className="boxed after">
      <h2>{t("practice.vouchers")}</h2>
      <p>{t("practice.vouchersHint")}</p>
      <ul className="list">
        {unused.map((voucher) => (
          <li key={voucher.serial}>
            <span className="stack">
              <strong>
                <bdi>{money(voucher)}</bdi>
              </strong>
              <span className="soft">{t(`practice.${voucher.outcome}`)}</span>
            </span>
            <button type="button" className="end" onClick={() => onChoose(voucher)}>
              {t("practice.use")}
            </button>
          </li>
        ))}
      </ul>
      <BeginAnew />
    </section>
  );
}

/** Where a bill is asked for: those that there are to try, and what each will show. */
export function PracticeBills({ onChoose }: { readonly onChoose: (billId: string) => void }) {
  const { t } = useTranslation();
  const { result } = useAnswer("practice-bills", {});
  return (
    <section className="boxed after">
      <h2>{t("practice.bills")}</h2>
      <p>{t("practice.billsHint")}</p>
      <ul className="list">
        {(result?.bills ?? [])
          .filter(({ used }) => !used)
          .map(({ billId, outcome }) => (
            <li key={billId}>
              <span className="stack">
                <bdi className="code">{billId}</bdi>
                <span className="soft">{t(`practice.${outcome}`)}</span>
              </span>
              <button type="button" className="end" onClick={() => onChoose(billId)}>
                {t("practice.use")}
              </button>
            </li>
          ))}
      </ul>
      <BeginAnew />
    </section>
  );
}

function BeginAnew() {
  const { t } = useTranslation();
  const { isBusy, wrong, run } = useAction();
  return (
    <>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void run(() => ask("practice", { on: true, fresh: true }))}
      >
        {t("practice.fresh")}
      </button>
      <Wrong text={wrong} />
    </>
  );
}
