/** The addresses of a payee, masked or not. */
import { useTranslation } from "react-i18next";
import type { PayeeAddress } from "../../protocol.ts";

export function AddressList({ addresses }: { readonly addresses: readonly PayeeAddress[] }) {
  const { t } = useTranslation();
  if (addresses.length === 0) return <p className="soft">{t("payees.noAddress")}</p>;
  return (
    <ul className="list">
      {addresses.map((address) => (
        <li key={`${address.modality} ${address.institutionCode} ${address.address}`}>
          <span className="stack">
            {t(`payees.modalities.${address.modality}`)}
            {address.institutionCode !== null && (
              <bdi className="soft code" dir="ltr">
                {address.institutionCode}
              </bdi>
            )}
          </span>
          {address.address !== null && (
            <bdi className="code" dir="ltr">
              {address.address}
            </bdi>
          )}
          {address.preferred && <span className="chip look-applied">{t("payees.preferred")}</span>}
          {!address.active && <span className="chip look-rejected">{t("payees.inactive")}</span>}
        </li>
      ))}
    </ul>
  );
}
