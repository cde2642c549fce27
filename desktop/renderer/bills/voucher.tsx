/** The voucher that is to pay a bill: scanned, read from a picture, or typed. */
import { useState } from "react";
import type { ClipboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Bill, BillCheck, BillVoucher, Refused } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { emptyDraft, NumberField, VoucherField, VouchersToTry } from "../redeem/entry.tsx";
import { digitsOf, numberLength, serialOf, tokenIn } from "../redeem/voucher-text.ts";
import { useWedge } from "../redeem/wedge.ts";
import { ask } from "../till.ts";

interface BillVoucherEntryProps {
  readonly bill: Bill;
  readonly onChecked: (voucher: BillVoucher, checked: BillCheck | Refused) => void;
  readonly onBack: () => void;
}

export function BillVoucherEntry({ bill, onChecked, onBack }: BillVoucherEntryProps) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const [draft, setDraft] = useState(emptyDraft);
  const [noted, setNoted] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  const change = (some: Partial<typeof draft>) => {
    setNoted(undefined);
    setDraft((known) => ({ ...known, ...some }));
  };
  const read = (text: string | undefined) => {
    if (text === undefined) return setNoted(t("redeem.pictureNone"));
    const token = tokenIn(text);
    change(token === undefined ? { voucher: text.trim() } : { token, voucher: "", number: "" });
  };
  useWedge(read);
  const submit = () => {
    const serial = serialOf(draft.voucher);
    if (draft.token === null && serial === undefined) return setNoted(t("redeem.voucherMissing"));
    const number = digitsOf(draft.number);
    if (number.length !== numberLength) return setNoted(t("redeem.numberMissing"));
    const voucher = { serial: draft.token === null ? (serial ?? null) : null, token: draft.token, number };
    void run(async () => {
      onChecked(voucher, await ask("check-bill", { billId: bill.billId, voucher }));
      return {};
    });
  };
  const pasted = (event: ClipboardEvent) => {
    const token = tokenIn(event.clipboardData.getData("text"));
    if (token === undefined) return;
    event.preventDefault();
    read(token);
  };
  return (
    <>
      <form
        className="entry"
        noValidate
        onPaste={pasted}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <h1>{t("bills.voucherTitle")}</h1>
        <p>
          <bdi>{bill.billId}</bdi> · {t("bills.voucherHint", { amount: money(bill) })}
        </p>
        <VoucherField draft={draft} onChange={change} onRead={read} />
        <NumberField number={draft.number} onNumber={(number) => change({ number })} />
        <Wrong text={noted ?? wrong} />
        <div className="row">
          <button className="primary large" disabled={isBusy}>
            {isBusy ? t("redeem.checking") : t("bills.checkVoucher")}
          </button>
          <button type="button" className="large" onClick={onBack}>
            {t("common.back")}
          </button>
        </div>
      </form>
      <VouchersToTry onChange={change} />
    </>
  );
}
