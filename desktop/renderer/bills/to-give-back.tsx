/** Told on every screen: cash was taken for bills that paid nothing. */
import { useTranslation } from "react-i18next";
import type { TillState } from "../../protocol.ts";

interface ToGiveBackProps extends Pick<TillState, "bills"> {
  readonly onShow: () => void;
}

export function BillsToGiveBack({ bills, onShow }: ToGiveBackProps) {
  const { t } = useTranslation();
  if (!bills || bills.toGiveBack === 0) return null;
  return (
    <div role="alert" className="banner bad told">
      <span>{t("bills.refundsWaiting", { count: bills.toGiveBack })}</span>
      <button type="button" onClick={onShow}>
        {t("bills.refundsShow")}
      </button>
    </div>
  );
}
