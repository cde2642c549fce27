/** The shift of whoever is signed in: the cash in the drawer, put in, taken out, counted, and the end of it. */
import { useState } from "react";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Amount, Cash, CashMove } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { CashFacts } from "../cash.tsx";
import { Field, Segments } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { useAskOnce } from "../once.ts";
import { useTill } from "../till.ts";

export function ShiftScreen() {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { shift, cashier } = useTill();
  if (!shift || !cashier) return <p role="status">{t("common.working")}</p>;
  return (
    <>
      <h1>{t("shift.title")}</h1>
      <p>
        <bdi>{cashier.name}</bdi> · {t("shift.since", { from: moment(shift.openedMs) })}
      </p>
      {shift.cash.map((cash) => (
        <section key={cash.currency} className="card">
          <h2>{t("shift.drawer", { currency: cash.currency })}</h2>
          <CashFacts cash={cash} />
        </section>
      ))}
      <OpenCash isFirst={shift.cash.length === 0} />
      {shift.cash.length > 0 && <MoveCash cash={shift.cash} />}
      {shift.moves.length > 0 && <Moves moves={shift.moves} />}
      <CloseShift cash={shift.cash} />
    </>
  );
}

function OpenCash({ isFirst }: { readonly isFirst: boolean }) {
  const { t } = useTranslation();
  const { shift } = useTill();
  const [amount, setAmount] = useState("");
  const [currency, setCurrency] = useState(shift?.cash[0]?.currency ?? "");
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const open = (event: FormEvent) => {
    event.preventDefault();
    const named: Amount = { amount, currency: currency.toUpperCase() };
    void run(async () => {
      const done = await askOnce("open-cash", { cash: [named] });
      if (done.ok) setAmount("");
      return done;
    });
  };
  return (
    <form className="boxed" onSubmit={open}>
      <h2>{t(isFirst ? "shift.openTitle" : "shift.correctTitle")}</h2>
      <p className="hint">{t(isFirst ? "shift.openHint" : "shift.correctHint")}</p>
      <div className="row">
        <AmountField label={t("shift.opening")} value={amount} onValue={setAmount} />
        <Field
          label={t("shift.currency")}
          required
          pattern="[A-Za-z]{3}"
          maxLength={3}
          dir="ltr"
          value={currency}
          onChange={({ target }) => setCurrency(target.value)}
        />
      </div>
      <button disabled={isBusy}>{t("common.save")}</button>
      <Wrong text={wrong} />
    </form>
  );
}

function MoveCash({ cash }: { readonly cash: readonly Cash[] }) {
  const { t } = useTranslation();
  const [direction, setDirection] = useState<"in" | "out">("in");
  const [currency, setCurrency] = useState(cash[0]?.currency ?? "");
  const [amount, setAmount] = useState("");
  const [note, setNote] = useState("");
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const move = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const done = await askOnce("move-cash", { amount, currency, direction, note: note.trim() });
      if (done.ok) {
        setAmount("");
        setNote("");
      }
      return done;
    });
  };
  return (
    <form className="boxed" onSubmit={move}>
      <h2>{t("shift.moveTitle")}</h2>
      <Segments
        label={t("shift.direction")}
        value={direction}
        options={[
          { value: "in", label: t("shift.in") },
          { value: "out", label: t("shift.out") },
        ]}
        onChoose={setDirection}
      />
      {cash.length > 1 && (
        <Segments
          label={t("shift.currency")}
          value={currency}
          options={cash.map((drawer) => ({ value: drawer.currency, label: drawer.currency }))}
          onChoose={setCurrency}
        />
      )}
      <div className="row">
        <AmountField label={t("redeem.amount")} value={amount} onValue={setAmount} />
        <Field
          label={t("shift.note")}
          required
          maxLength={100}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
      </div>
      <button disabled={isBusy}>{t("common.save")}</button>
      <Wrong text={wrong} />
    </form>
  );
}

/** What was put in and taken out: whoever is not sure whether it was written down finds it here. */
function Moves({ moves }: { readonly moves: readonly CashMove[] }) {
  const { t } = useTranslation();
  const { money, time } = useFormats();
  return (
    <section className="boxed">
      <h2>{t("shift.moves")}</h2>
      <ul className="list">
        {moves.map((move, index) => (
          <li key={moves.length - index}>
            <span className="stack">
              <bdi>{move.note}</bdi>
              <span className="soft">{time(move.atMs)}</span>
            </span>
            <span className="soft">{t(move.direction === "in" ? "shift.in" : "shift.out")}</span>
            <strong className="end number">
              <bdi>{money(move)}</bdi>
            </strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

function CloseShift({ cash }: { readonly cash: readonly Cash[] }) {
  const { t } = useTranslation();
  const [counted, setCounted] = useState<Readonly<Record<string, string>>>({});
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const close = (event: FormEvent) => {
    event.preventDefault();
    const amounts = cash.map(({ currency }) => ({ currency, amount: counted[currency] ?? "" }));
    void run(() => askOnce("close-shift", { counted: amounts }));
  };
  return (
    <form className="boxed" onSubmit={close}>
      <h2>{t("shift.closeTitle")}</h2>
      <p className="hint">{t("shift.closeHint")}</p>
      {cash.map(({ currency }) => (
        <AmountField
          key={currency}
          label={t("shift.countedIn", { currency })}
          value={counted[currency] ?? ""}
          onValue={(amount) => setCounted({ ...counted, [currency]: amount })}
        />
      ))}
      <button className="primary" disabled={isBusy}>
        {t("people.endShift")}
      </button>
      <Wrong text={wrong} />
    </form>
  );
}

interface AmountFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function AmountField({ label, value, onValue }: AmountFieldProps) {
  const { t } = useTranslation();
  return (
    <Field
      label={label}
      hint={t("shift.amountHint")}
      required
      inputMode="decimal"
      pattern="[0-9]{1,12}(\.[0-9]{1,3})?"
      dir="ltr"
      value={value}
      onChange={({ target }) => onValue(target.value.replace(",", "."))}
    />
  );
}
