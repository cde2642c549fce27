/** Where a till does both: which of the two is looked at. */
import { useState } from "react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "#ui/fields.tsx";
import { useTill } from "../till.ts";

/** Whether it is the bills, and what chooses; nothing is to be chosen where there are none. */
export function useVouchersOrBills(): readonly [boolean, ReactNode] {
  const { t } = useTranslation();
  const { bills } = useTill();
  const [what, setWhat] = useState<"vouchers" | "bills">("vouchers");
  if (!bills) return [false, null];
  const choice = (
    <Segments
      label={t("bills.what")}
      value={what}
      options={[
        { value: "vouchers", label: t("bills.vouchers") },
        { value: "bills", label: t("bills.title") },
      ]}
      onChoose={setWhat}
    />
  );
  return [what === "bills", choice];
}
