/**
 * Bills: one is found, looked at, paid in cash or with a voucher, and its receipt says what is known. Nothing looks received
 * before the till has said that it is on the disk, and nothing looks credited before the server has.
 */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Bill, BillCheck, BillPayment, BillVoucher, Refused } from "../../protocol.ts";
import { ConfirmBill } from "../bills/confirm.tsx";
import { BillDetails } from "../bills/details.tsx";
import { FindBill } from "../bills/find.tsx";
import { FloatScreen } from "../bills/float.tsx";
import { BillOutcome, BillRefused } from "../bills/outcome.tsx";
import { BillRefundList } from "../bills/refunds.tsx";
import { BillVoucherEntry } from "../bills/voucher.tsx";
import { Segments } from "#ui/fields.tsx";
import { useAnswer, useTill } from "../till.ts";

type Step =
  | { readonly name: "list" }
  | { readonly name: "details"; readonly billId: string }
  | { readonly name: "voucher"; readonly bill: Bill }
  | { readonly name: "confirm"; readonly checked: BillCheck; readonly voucher: BillVoucher | null }
  | { readonly name: "taken"; readonly payment: BillPayment }
  | { readonly name: "refused"; readonly refusal: Refused };

const tabs = ["find", "refunds", "float"] as const;

export function Bills() {
  const { t } = useTranslation();
  const { bills } = useTill();
  const [step, setStep] = useState<Step>({ name: "list" });
  const [tab, setTab] = useState<(typeof tabs)[number]>("find");
  const [search, setSearch] = useState("");
  const { result: desk } = useAnswer("bill-desk", {});
  if (!desk) return <p role="status">{t("common.working")}</p>;
  const again = () => {
    setSearch("");
    setStep({ name: "list" });
  };
  const refuse = (refusal: Refused) => setStep({ name: "refused", refusal });
  const checked = (outcome: BillCheck | Refused, voucher: BillVoucher | null) =>
    outcome.ok ? setStep({ name: "confirm", checked: outcome, voucher }) : refuse(outcome);
  switch (step.name) {
    case "list":
      return (
        <>
          <h1>{t("bills.title")}</h1>
          <Segments
            label={t("history.show")}
            value={tab}
            options={tabs.map((value) => ({
              value,
              label:
                value === "refunds" && bills && bills.toGiveBack > 0
                  ? `${t("bills.refunds")} (${bills.toGiveBack})`
                  : t(`bills.${value}`),
            }))}
            onChoose={setTab}
          />
          {tab === "find" && (
            <FindBill
              billers={desk.billers}
              search={search}
              onSearch={setSearch}
              onFound={(billId) => setStep({ name: "details", billId })}
            />
          )}
          {tab === "refunds" && <BillRefundList />}
          {tab === "float" && <FloatScreen desk={desk} />}
        </>
      );
    case "details":
      return (
        <BillDetails
          billId={step.billId}
          floats={desk.floats}
          onCash={(outcome) => checked(outcome, null)}
          onVoucher={(bill) => setStep({ name: "voucher", bill })}
          onBack={() => setStep({ name: "list" })}
        />
      );
    case "voucher":
      return (
        <BillVoucherEntry
          bill={step.bill}
          onChecked={(voucher, outcome) => checked(outcome, voucher)}
          onBack={() => setStep({ name: "details", billId: step.bill.billId })}
        />
      );
    case "confirm":
      return (
        <ConfirmBill
          checked={step.checked}
          voucher={step.voucher}
          onBack={() => setStep({ name: "details", billId: step.checked.billId })}
          onTaken={(payment) => setStep({ name: "taken", payment })}
          onRefused={refuse}
        />
      );
    case "taken":
      return <BillOutcome payment={step.payment} onNext={again} />;
    case "refused":
      return <BillRefused refusal={step.refusal} onNext={again} />;
  }
}
