/** What several screens are made of. */
import { useEffect, useId, useRef, useState } from "react";
import type { ComponentProps, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Refused } from "../protocol.ts";
import { useFormats } from "./format.ts";
import { TillError } from "./till.ts";
import { catalogues } from "./words.ts";

interface FieldProps extends ComponentProps<"input"> {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong with the text; told by screen readers as it appears. */
  readonly wrong?: string | undefined;
}

export function Field({ label, hint, wrong, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        aria-describedby={`${id}-hint`}
        aria-invalid={wrong === undefined ? undefined : true}
        autoComplete="off"
        spellCheck={false}
        {...input}
      />
      <p id={`${id}-hint`} className={wrong === undefined ? "hint" : "hint wrong"} aria-live="polite">
        {wrong ?? hint ?? ""}
      </p>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChoose: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, options, onChoose }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => {
          const chosen = options.find((option) => option.value === target.value);
          if (chosen) onChoose(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Rows of a name and what it is. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The words for a refusal, whatever its code. */
export function useRefusalWords(): (refusal: Pick<Refused, "code" | "details">) => string {
  const { t } = useTranslation();
  const { moment } = useFormats();
  return ({ code, details }) => {
    if (!Object.hasOwn(catalogues.en.refusal, code)) return t("refusal.unknown", { code });
    const when = (value: unknown) => (typeof value === "number" ? moment(value) : "");
    const none = t("common.none");
    const text = Object.fromEntries(Object.entries(details).map(([name, value]) => [name, value ?? none]));
    return t(`refusal.${code as "unknown"}`, {
      ...text,
      at: when(details["atMs"]),
      until: when(details["untilMs"]),
    });
  };
}

/** Runs what a button asks for: one at a time, with its refusal or failure in words. */
export function useAction() {
  const words = useRefusalWords();
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const running = useRef(false);
  const run = async (work: () => Promise<object>): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setWrong(undefined);
    try {
      const result = await work();
      if ("ok" in result && result.ok === false) setWrong(words(result as Refused));
    } catch (error) {
      setWrong(words({ code: error instanceof TillError ? error.code : "unexpected", details: {} }));
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { isBusy, wrong, run };
}

export function Wrong({ text }: { readonly text: string | undefined }) {
  return (
    <p role="alert" className={text === undefined ? "quiet" : "banner bad"}>
      {text}
    </p>
  );
}

/** A dialog of the platform: it keeps the focus inside, and Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
