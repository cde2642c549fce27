/** The voucher and its number: scanned, read from a picture, pasted or typed, and looked at while they are typed. */
import { useEffect, useRef, useState } from "react";
import type { ClipboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { CheckResult, Goods, RedeemOrder } from "../../protocol.ts";
import { goods } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { Field, Segments } from "#ui/fields.tsx";
import { Icon } from "#ui/icons.tsx";
import { PracticeVouchers } from "../practice.tsx";
import { readPicture, ScanButtons } from "../scan.tsx";
import { ask, useTill } from "../till.ts";
import { digitsOf, groupDigits, numberLength, numberState, serialOf, tokenIn } from "./voucher-text.ts";

export interface Draft {
  /** As it was typed. */
  readonly voucher: string;
  readonly token: string | null;
  readonly number: string;
  readonly goods: Goods;
}

export const emptyDraft: Draft = { voucher: "", token: null, number: "", goods: "goods" };

interface EntryProps {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly onChecked: (order: RedeemOrder, checked: CheckResult) => void;
}

export function Entry({ draft, onDraft, onChecked }: EntryProps) {
  const { t } = useTranslation();
  const { till } = useTill();
  const { isBusy, wrong, run } = useAction();
  const [noted, setNoted] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const focus = (name: string) =>
    form.current?.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.focus({ preventScroll: true });
  useEffect(() => focus(draft.token === null && draft.voucher === "" ? "voucher" : "number"), [draft.token]);
  const change = (some: Partial<Draft>) => {
    setNoted(undefined);
    onDraft({ ...draft, ...some });
  };
  const read = (text: string | undefined) => {
    if (text === undefined) return setNoted(t("redeem.pictureNone"));
    const token = tokenIn(text);
    change(token === undefined ? { voucher: text.trim() } : { token, voucher: "", number: "" });
  };
  const submit = () => {
    const serial = serialOf(draft.voucher);
    if (draft.token === null && serial === undefined) {
      focus("voucher");
      return setNoted(t("redeem.voucherMissing"));
    }
    const digits = digitsOf(draft.number);
    // A scanner that types ends with Enter: what is still missing comes next.
    if (digits === "") return focus("number");
    if (digits.length !== numberLength) return setNoted(t("redeem.numberMissing"));
    const order: RedeemOrder = {
      serial: draft.token === null ? (serial ?? null) : null,
      token: draft.token,
      number: digits,
      goods: draft.goods,
    };
    void run(async () => {
      onChecked(order, await ask("check", order));
      return {};
    });
  };
  const pasted = (event: ClipboardEvent) => {
    const picture = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    const token = tokenIn(event.clipboardData.getData("text"));
    if (!picture && token === undefined) return;
    event.preventDefault();
    if (picture) void readPicture(picture).then(read);
    else read(token);
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
        <h1>{t("redeem.title")}</h1>
        {till?.agent === true && (
          <Segments
            label={t("cash.for")}
            value={draft.goods}
            options={goods.map((value) => ({ value, label: t(`cash.${value}`) }))}
            onChoose={(value) => change({ goods: value })}
          />
        )}
        <VoucherField draft={draft} onChange={change} onRead={read} />
        <NumberField number={draft.number} onNumber={(number) => change({ number })} />
        <Wrong text={noted ?? wrong} />
        <button className="primary large wide" disabled={isBusy}>
          {isBusy ? t("redeem.checking") : t("redeem.check")}
        </button>
      </form>
      <VouchersToTry onChange={change} />
    </>
  );
}

/** On a practice till. */
export function VouchersToTry({ onChange }: { readonly onChange: (some: Partial<Draft>) => void }) {
  const { practice } = useTill();
  if (!practice) return null;
  return (
    <PracticeVouchers
      onChoose={({ token, number }) =>
        onChange({ token, voucher: "", number: groupDigits(digitsOf(number)) })
      }
    />
  );
}

interface VoucherFieldProps {
  readonly draft: Draft;
  readonly onChange: (some: Partial<Draft>) => void;
  readonly onRead: (text: string | undefined) => void;
}

/** Which voucher: to be typed or scanned, until its square code was read. */
export function VoucherField({ draft, onChange, onRead }: VoucherFieldProps) {
  const { t } = useTranslation();
  if (draft.token === null) return <Unscanned draft={draft} onChange={onChange} onRead={onRead} />;
  return (
    <p className="scanned" role="status">
      <Icon name="yes" />
      {t("redeem.codeRead")}
      <button type="button" onClick={() => onChange({ token: null, number: "" })}>
        {t("redeem.another")}
      </button>
    </p>
  );
}

function Unscanned({ draft, onChange, onRead }: VoucherFieldProps) {
  const { t } = useTranslation();
  const token = tokenIn(draft.voucher);
  const looksWrong = draft.voucher.trim() !== "" && !mayBecomeVoucher(draft.voucher);
  return (
    <>
      <Field
        label={t("redeem.voucher")}
        name="voucher"
        hint={t("redeem.voucherHint")}
        wrong={looksWrong ? t("redeem.voucherWrong") : undefined}
        className="large"
        dir="ltr"
        value={draft.voucher}
        onBlur={() => token !== undefined && onRead(token)}
        onChange={({ target }) => onChange({ voucher: target.value })}
      />
      <ScanButtons onRead={onRead} />
    </>
  );
}

/** A square code begins as letters; nothing is called wrong while it is being typed. */
function mayBecomeVoucher(text: string): boolean {
  return serialOf(text) !== undefined || "PV1:".startsWith(text.trim()) || tokenIn(text) !== undefined;
}

interface NumberFieldProps {
  readonly number: string;
  readonly onNumber: (number: string) => void;
}

export function NumberField({ number, onNumber }: NumberFieldProps) {
  const { t } = useTranslation();
  const digits = digitsOf(number);
  const state = numberState(digits);
  return (
    <div className="digits">
      <Field
        label={t("redeem.number")}
        name="number"
        hint={digits === "" ? t("redeem.numberHint") : t("redeem.numberProgress", { count: digits.length })}
        wrong={state === "wrong" ? t("redeem.numberLuhn") : undefined}
        good={state === "right" ? t("redeem.numberRight") : undefined}
        className="large"
        dir="ltr"
        inputMode="numeric"
        maxLength={24}
        value={number}
        onChange={({ target }) => {
          // Grouped while it grows at its end; whoever corrects in the middle keeps the place.
          const isAtEnd = target.selectionStart === target.value.length;
          onNumber(isAtEnd ? groupDigits(digitsOf(target.value)) : target.value);
        }}
      />
    </div>
  );
}
