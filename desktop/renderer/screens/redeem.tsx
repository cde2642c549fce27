/**
 * Redeeming: the voucher is read, checked, confirmed by its amount, and then there is a clear yes, no, or wait. Nothing
 * looks accepted before the till has said that it is on the disk.
 */
import { useEffect, useRef, useState } from "react";
import type { ClipboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { hasLuhnDigit } from "#core/voucher-number.ts";
import type { CheckResult, RedeemResult, Voucher } from "../../protocol.ts";
import { useFormats } from "../format.ts";
import { Facts, Field, useAction, useRefusalWords, Wrong } from "../parts.tsx";
import { Receipt } from "../receipt.tsx";
import { Camera, readPicture } from "../scan.tsx";
import { ask } from "../till.ts";

type Checked = Extract<CheckResult, { readonly ok: true }>;
type Step =
  | { readonly name: "entry" }
  | { readonly name: "confirm"; readonly voucher: Voucher; readonly checked: Checked }
  | { readonly name: "outcome"; readonly result: RedeemResult };

export function Redeem() {
  const [step, setStep] = useState<Step>({ name: "entry" });
  switch (step.name) {
    case "entry":
      return (
        <Entry
          onChecked={(voucher, checked) =>
            setStep(
              checked.ok
                ? { name: "confirm", voucher, checked }
                : { name: "outcome", result: { kind: "refused", refusal: checked } },
            )
          }
        />
      );
    case "confirm":
      return (
        <Confirm
          {...step}
          onBack={() => setStep({ name: "entry" })}
          onResult={(result) => setStep({ name: "outcome", result })}
        />
      );
    case "outcome":
      return <Outcome result={step.result} onNext={() => setStep({ name: "entry" })} />;
  }
}

const tokenPrefix = "PV1:";

function Entry({ onChecked }: { readonly onChecked: (voucher: Voucher, checked: CheckResult) => void }) {
  const { t } = useTranslation();
  const [voucher, setVoucher] = useState("");
  const [number, setNumber] = useState("");
  const [isFilming, setFilming] = useState(false);
  const [noted, setNoted] = useState<string>();
  const numberField = useRef<HTMLDivElement>(null);
  const { isBusy, wrong, run } = useAction();
  const isToken = voucher.trim().startsWith(tokenPrefix);
  const digits = number.replaceAll(/[\s-]/g, "");
  const looksWrong = digits.length === 16 && !hasLuhnDigit(digits);
  const focusNumber = () => numberField.current?.querySelector("input")?.focus();
  const read = (text: string | undefined) => {
    setFilming(false);
    setNoted(text === undefined ? t("redeem.pictureNone") : undefined);
    if (text === undefined) return;
    setVoucher(text);
    focusNumber();
  };
  const submit = () => {
    const text = voucher.trim();
    const serial = text.replaceAll(/[\s-]/g, "");
    if (!isToken && !/^[0-9]{1,25}$/.test(serial)) return setNoted(t("redeem.voucherMissing"));
    // A scanner that types ends with Enter: what is still missing comes next.
    if (digits === "") return focusNumber();
    if (!/^[0-9]{16}$/.test(digits)) return setNoted(t("redeem.numberMissing"));
    setNoted(undefined);
    const given: Voucher = isToken
      ? { serial: null, token: text, number: digits }
      : { serial, token: null, number: digits };
    void run(async () => {
      onChecked(given, await ask("check", given));
      return {};
    });
  };
  const pasted = (event: ClipboardEvent) => {
    const picture = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (!picture) return;
    event.preventDefault();
    void readPicture(picture).then(read);
  };
  return (
    <form
      className="entry"
      noValidate
      onPaste={pasted}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <h1>{t("redeem.title")}</h1>
      <Field
        label={t("redeem.voucher")}
        hint={isToken ? t("redeem.codeRead") : t("redeem.voucherHint")}
        autoFocus
        className="large"
        dir="ltr"
        value={voucher}
        onChange={({ target }) => setVoucher(target.value)}
      />
      <div className="row">
        <button type="button" onClick={() => setFilming(true)}>
          {t("redeem.camera")}
        </button>
        <label className="button">
          {t("redeem.picture")}
          <input
            type="file"
            accept="image/*"
            className="unseen"
            onChange={({ target }) => {
              const picture = target.files?.[0];
              if (picture) void readPicture(picture).then(read);
              target.value = "";
            }}
          />
        </label>
      </div>
      <div ref={numberField}>
        <Field
          label={t("redeem.number")}
          hint={t("redeem.numberHint")}
          wrong={looksWrong ? t("redeem.numberLuhn") : undefined}
          className="large"
          dir="ltr"
          inputMode="numeric"
          maxLength={23}
          value={number}
          onChange={({ target }) => setNumber(target.value)}
        />
      </div>
      <button className="primary large" disabled={isBusy}>
        {isBusy ? t("redeem.checking") : t("redeem.check")}
      </button>
      <Wrong text={noted ?? wrong} />
      {isFilming && <Camera onRead={read} onClose={() => setFilming(false)} />}
    </form>
  );
}

const modeWords = { leased: "modeLeased", online: "modeOnline", "at-risk": "modeAtRisk" } as const;

interface ConfirmProps {
  readonly voucher: Voucher;
  readonly checked: Checked;
  readonly onBack: () => void;
  readonly onResult: (result: RedeemResult) => void;
}

function Confirm({ voucher, checked, onBack, onResult }: ConfirmProps) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const { isBusy, wrong, run } = useAction();
  const confirm = () =>
    void run(async () => {
      onResult(await ask("redeem", voucher));
      return {};
    });
  return (
    <section aria-labelledby="confirm">
      <h1 id="confirm">{t("redeem.confirmTitle")}</h1>
      <p className="amount">{money(checked)}</p>
      <Facts
        rows={[
          [t("redeem.serial"), <bdi key="serial">{checked.serial}</bdi>],
          [t("redeem.programme"), checked.programme],
          [t("redeem.expires"), moment(checked.expiresAtMs)],
          [t("redeem.how"), t(`redeem.${modeWords[checked.mode]}`)],
        ]}
      />
      <p>
        <strong>{t("redeem.final")}</strong>
      </p>
      <div className="row">
        <button type="button" className="primary large" autoFocus disabled={isBusy} onClick={confirm}>
          {isBusy ? t("redeem.redeeming") : t("redeem.confirm", { amount: money(checked) })}
        </button>
        <button type="button" className="large" disabled={isBusy} onClick={onBack}>
          {t("common.back")}
        </button>
      </div>
      <Wrong text={wrong} />
    </section>
  );
}

function Outcome({ result, onNext }: { readonly result: RedeemResult; readonly onNext: () => void }) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const words = useRefusalWords();
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.focus(), []);
  const { look, sign, title, text } = outcomeOf(result);
  return (
    <section ref={place} tabIndex={-1} aria-labelledby="outcome">
      <div className={`outcome ${look}`} role="status">
        <p className="sign" aria-hidden="true">
          {sign}
        </p>
        <h1 id="outcome">{t(`redeem.${title}`)}</h1>
        {"operation" in result && <p className="amount">{money(result.operation)}</p>}
        <p>{text}</p>
      </div>
      <div className="row">
        <button type="button" className="primary large" onClick={onNext}>
          {t("redeem.next")}
        </button>
      </div>
      {(result.kind === "accepted" || result.kind === "provisional") && (
        <Receipt sequence={result.operation.sequence} />
      )}
    </section>
  );

  function outcomeOf(of: RedeemResult) {
    switch (of.kind) {
      case "accepted":
        return { look: "yes", sign: "✓", title: "yes", text: t("redeem.handOver") } as const;
      case "provisional": {
        const guaranteed = of.guaranteed ? money(of.guaranteed) : t("common.none");
        const terms = t("redeem.provisionalText", { guaranteed });
        return { look: "maybe", sign: "✓", title: "provisional", text: terms } as const;
      }
      case "not-known-yet":
        return { look: "maybe", sign: "…", title: "wait", text: t("redeem.waitText") } as const;
      case "offline":
        return { look: "no", sign: "✕", title: "no", text: t("redeem.offlineText") } as const;
      case "rejected": {
        const told = t("redeem.rejectedText", { reason: of.reason });
        return { look: "no", sign: "✕", title: "no", text: told } as const;
      }
      case "refused": {
        const told = `${t("redeem.doNot")} ${words(of.refusal)}`;
        return { look: "no", sign: "✕", title: "no", text: told } as const;
      }
    }
  }
}
