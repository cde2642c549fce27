/** What several pages are made of. */
import { useId, useState } from "react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Dialog } from "#ui/parts.tsx";
import type { AnswerOf, ChangeName, InputOf } from "./api.ts";
import { useChange } from "./asking.ts";
import { useRefusal, useTerm } from "./words.ts";

export function PageHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="page-head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}

/** A state, by its word and its colour. */
export function Chip({ state }: { readonly state: string }) {
  const term = useTerm();
  return <span className={`chip status-${state}`}>{term(state)}</span>;
}

/** `withDay`: also where that is today. */
export function Moment({ at, withDay = false }: { readonly at: number | null; readonly withDay?: boolean }) {
  const { t } = useTranslation();
  const { time, moment } = useFormats();
  if (at === null) return t("common.never");
  return <time dateTime={new Date(at).toISOString()}>{withDay ? moment(at) : time(at)}</time>;
}

export function Refused({ code }: { readonly code: string | undefined }) {
  const words = useRefusal();
  if (code === undefined) return null;
  return (
    <p role="alert" className="banner bad">
      {words(code)}
    </p>
  );
}

interface ConfirmProps<Name extends ChangeName> {
  readonly action: Name;
  readonly title: string;
  readonly text: string;
  readonly label: string;
  readonly danger?: boolean;
  /** What else is asked. */
  readonly children?: ReactNode;
  /** Ask for a reason, which `input` is given. */
  readonly asksWhy?: boolean;
  readonly input: (because: string) => InputOf<Name>;
  readonly onDone: (answer: AnswerOf<Name>) => void;
  readonly onClose: () => void;
}

/** Says what will happen, asks why where that is kept, and tells what was refused. */
export function Confirm<Name extends ChangeName>(props: ConfirmProps<Name>) {
  const {
    action,
    title,
    text,
    label,
    danger = false,
    asksWhy = false,
    input,
    onDone,
    onClose,
    children,
  } = props;
  const { t } = useTranslation();
  const { isBusy, refusal, run } = useChange(action);
  const [because, setBecause] = useState("");
  const id = useId();
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(input(because)).then((answer) => answer !== undefined && onDone(answer));
        }}
      >
        <p>{text}</p>
        {children}
        {asksWhy && (
          <div className="field">
            <label htmlFor={id}>{t("common.because")}</label>
            <textarea
              id={id}
              required
              minLength={3}
              maxLength={500}
              value={because}
              aria-describedby={`${id}-hint`}
              onChange={({ target }) => setBecause(target.value)}
            />
            <p id={`${id}-hint`} className="hint">
              {t("common.becauseHint")}
            </p>
          </div>
        )}
        <Refused code={refusal} />
        <div className="row">
          <button type="submit" className={danger ? "danger" : "primary"} disabled={isBusy}>
            {isBusy ? t("common.working") : label}
          </button>
          <button type="button" onClick={onClose}>
            {t("common.cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What a page asks a person about, and what it tells once it is done; its lists are then asked for anew. */
export function useActs<Asked>() {
  const [asked, setAsked] = useState<Asked>();
  const [told, setTold] = useState<string>();
  const [version, setVersion] = useState(0);
  return {
    asked,
    version,
    ask: (what: Asked) => {
      setTold(undefined);
      setAsked(() => what);
    },
    close: () => setAsked(undefined),
    done: (text: string) => {
      setAsked(undefined);
      setTold(text);
      setVersion((count) => count + 1);
    },
    told,
  };
}

export function Told({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p role="status" className="banner good">
      {text}
    </p>
  );
}

export interface Sum {
  readonly amount: string;
  readonly currency: string;
  readonly quantity: number;
}

interface SumsProps {
  readonly title: string;
  readonly look: string;
  readonly sums: readonly Sum[];
}

/** A large number for each currency, and how many things it is of. */
export function Sums({ title, look, sums }: SumsProps) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  return (
    <div className={`big-number look-${look}`}>
      <dt>{title}</dt>
      {sums.length === 0 && <dd className="soft">{t("common.none")}</dd>}
      {sums.map((sum) => (
        <dd key={sum.currency}>
          <bdi className="amount">{money(sum)}</bdi> <span className="soft">({number(sum.quantity)})</span>
        </dd>
      ))}
    </div>
  );
}
