/** Finding a bill: its number looked at while it is typed, its payer's name, or its square code. */
import { useDeferredValue, useEffect, useRef, useState } from "react";
import type { ClipboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Bill, Biller } from "../../protocol.ts";
import { Wrong } from "../action.tsx";
import { Field } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
import { PracticeBills } from "../practice.tsx";
import { useWedge } from "../redeem/wedge.ts";
import { readPicture, ScanButtons } from "../scan.tsx";
import { useAnswer, useTill } from "../till.ts";
import { billIdState, billIn } from "./bill-text.ts";
import { BillAge, BillChip, useDay } from "./parts.tsx";

interface FindBillProps {
  readonly billers: readonly Biller[];
  readonly search: string;
  readonly onSearch: (search: string) => void;
  readonly onFound: (billId: string) => void;
}

export function FindBill({ billers, search, onSearch, onFound }: FindBillProps) {
  const { t } = useTranslation();
  const { practice } = useTill();
  const [noted, setNoted] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const { result } = useAnswer("find-bills", { search: useDeferredValue(search) });
  useEffect(() => form.current?.querySelector("input")?.focus({ preventScroll: true }), []);
  const typed = billIdState(search, billers);
  const read = (text: string | undefined) => {
    const billId = text === undefined ? undefined : billIn(text, billers);
    if (billId === undefined) return setNoted(t("bills.codeNone"));
    setNoted(undefined);
    onFound(billId);
  };
  useWedge(onFound, (text) => billIn(text, billers));
  const submit = () => {
    const only = result?.bills.length === 1 ? result.bills[0] : undefined;
    if (typed.kind === "right") onFound(typed.billId);
    else if (only) onFound(only.billId);
  };
  const pasted = (event: ClipboardEvent) => {
    const picture = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    const billId = billIn(event.clipboardData.getData("text"), billers);
    if (!picture && billId === undefined) return;
    event.preventDefault();
    if (picture) void readPicture(picture).then(read);
    else if (billId !== undefined) onFound(billId);
  };
  return (
    <>
      <form
        ref={form}
        className="entry"
        noValidate
        onPaste={pasted}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field
          label={t("bills.search")}
          {...useHints(typed)}
          className="large"
          maxLength={60}
          value={search}
          onChange={({ target }) => {
            setNoted(undefined);
            onSearch(target.value);
          }}
        />
        <ScanButtons onRead={read} />
        <Wrong text={noted} />
      </form>
      {result && (
        <>
          <BillAge asOfMs={result.asOfMs} />
          {result.bills.length === 0 ? (
            <p role="status">{t("bills.foundNone")}</p>
          ) : (
            <Found bills={result.bills} onFound={onFound} />
          )}
          {result.more && <p className="hint">{t("bills.foundMore")}</p>}
        </>
      )}
      {practice && <PracticeBills onChoose={onFound} />}
    </>
  );
}

function useHints(typed: ReturnType<typeof billIdState>) {
  const { t } = useTranslation();
  switch (typed.kind) {
    case "name":
      return { hint: t("bills.searchHint") };
    case "incomplete":
      return { hint: t("bills.progress", { given: typed.given, of: typed.of }) };
    case "right":
      return { good: t("bills.idRight", { biller: typed.biller.name }) };
    case "unknown-biller":
      return { wrong: t("bills.idUnknown") };
    case "wrong-check-digit":
    case "wrong-length":
      return { wrong: t(`refusal.${typed.kind}`) };
  }
}

function Found({ bills, onFound }: Pick<FindBillProps, "onFound"> & { readonly bills: readonly Bill[] }) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const day = useDay();
  return (
    <Table
      caption={t("bills.found")}
      rows={bills}
      keyOf={({ billId }) => billId}
      columns={[
        {
          title: t("bills.bill"),
          cell: ({ billId }) => (
            <button type="button" className="link code" onClick={() => onFound(billId)}>
              <bdi>{billId}</bdi>
            </button>
          ),
        },
        { title: t("bills.dueNow"), look: "number", cell: (bill) => <bdi>{money(bill)}</bdi> },
        { title: t("bills.payer"), cell: ({ payerName }) => <bdi>{payerName}</bdi> },
        { title: t("bills.state"), cell: (bill) => <BillChip bill={bill} /> },
        { title: t("bills.due"), cell: ({ dueOn }) => (dueOn === null ? "" : day(dueOn)) },
        { title: t("bills.biller"), cell: ({ billerName }) => <bdi>{billerName}</bdi> },
      ]}
    />
  );
}
