/** Looking a payee up: masked first, in full once the agent has said why; each time with the age of the answer. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PayeeLookUp, PayeeName, PayeeProgramme } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { Field } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { useAskOnce } from "../once.ts";
import { AddressList } from "./addresses.tsx";
import { NameFields } from "./name.tsx";
import { usePayeeWords } from "./words.ts";

interface LookUpProps {
  readonly name: PayeeName;
  readonly programmes: readonly PayeeProgramme[];
  readonly onName: (name: PayeeName) => void;
}

interface Answered {
  readonly of: PayeeName;
  readonly found: PayeeLookUp;
}

export function LookUp({ name, programmes, onName }: LookUpProps) {
  const { t } = useTranslation();
  const words = usePayeeWords();
  const [answered, setAnswered] = useState<Answered>();
  const [refused, setRefused] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const lookUp = (of: PayeeName, reason: string | null) =>
    void run(async () => {
      const found = await askOnce("look-up-payee", { ...of, reason });
      setRefused(found.ok ? undefined : words.refusal(found));
      setAnswered(found.ok ? { of, found } : undefined);
      return {};
    });
  return (
    <>
      <form
        className="boxed"
        onSubmit={(event) => {
          event.preventDefault();
          lookUp(trimmed(name), null);
        }}
      >
        <NameFields name={name} programmes={programmes} onName={onName} />
        <button className="primary" disabled={isBusy}>
          {isBusy ? t("common.working") : t("payees.lookUp")}
        </button>
        <p className="hint">{t("payees.audited")}</p>
        <Wrong text={wrong ?? refused} />
      </form>
      {answered && (
        <Found
          key={`${answered.of.programme} ${answered.of.identity}`}
          {...answered}
          isBusy={isBusy}
          onReveal={(reason) => lookUp(answered.of, reason)}
        />
      )}
    </>
  );
}

interface FoundProps extends Answered {
  readonly isBusy: boolean;
  readonly onReveal: (reason: string) => void;
}

function Found({ of, found, isBusy, onReveal }: FoundProps) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const [reason, setReason] = useState("");
  const { outcome, asOfMs, revealed, state, addresses } = found;
  if (outcome === "denied") return <p className="banner warn">{t("payees.denied")}</p>;
  const when = asOfMs === null ? "" : moment(asOfMs);
  return (
    <section className="card" aria-labelledby="found">
      <h2 id="found">{t("payees.found", { ...of })}</h2>
      {outcome === "stale" ? (
        <p className="banner warn" role="alert">
          {t("payees.stale", { when })}
        </p>
      ) : (
        <p className="soft">{t("payees.age", { when })}</p>
      )}
      {outcome === "unknown" ? (
        <p role="status">{t("payees.unknown")}</p>
      ) : (
        <>
          {(state === "active" || state === "inactive") && (
            <p>
              <span className={`chip look-${state === "active" ? "applied" : "rejected"}`}>
                {t(`payees.state.${state}`)}
              </span>
            </p>
          )}
          <AddressList addresses={addresses} />
          {!revealed && addresses.length > 0 && (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                onReveal(reason.trim());
              }}
            >
              <Field
                label={t("payees.reason")}
                hint={t("payees.reasonHint")}
                required
                pattern=".*\S.*"
                maxLength={200}
                value={reason}
                onChange={({ target }) => setReason(target.value)}
              />
              <button disabled={isBusy}>{t("payees.reveal")}</button>
            </form>
          )}
        </>
      )}
    </section>
  );
}

export function trimmed({ programme, identity }: PayeeName): PayeeName {
  return { programme: programme.trim(), identity: identity.trim() };
}
