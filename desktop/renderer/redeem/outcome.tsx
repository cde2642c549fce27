/** The answer: yes, yes for now, wait, or no; why, and what to do. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Operation, RedeemResult } from "../../protocol.ts";
import { useReasonWords, useRefusalWords } from "../action.tsx";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import type { IconName } from "#ui/icons.tsx";
import { Receipt } from "../receipt.tsx";
import { useAnswer } from "../till.ts";

interface OutcomeProps {
  readonly result: RedeemResult;
  readonly onNext: () => void;
  /** Back to the same voucher, where nothing was recorded. */
  readonly onAgain: () => void;
}

export function Outcome({ result, onNext, onAgain }: OutcomeProps) {
  const { t } = useTranslation();
  return (
    <div className="outcomes">
      <div>
        {result.kind === "not-known-yet" ? (
          <Awaited operation={result.operation} />
        ) : (
          <Answer result={result} />
        )}
        <div className="row after">
          <button type="button" className="primary large wide" onClick={onNext}>
            {t("redeem.next")}
          </button>
          {(result.kind === "refused" || result.kind === "offline") && (
            <button type="button" className="wide" onClick={onAgain}>
              {t("redeem.again")}
            </button>
          )}
        </div>
      </div>
      {(result.kind === "accepted" || result.kind === "provisional") && (
        <Receipt sequence={result.operation.sequence} />
      )}
    </div>
  );
}

/** What is not known yet becomes a yes or a no on the screen as soon as the server's verdict is here. */
function Awaited({ operation }: { readonly operation: Operation }) {
  const { sequence } = operation;
  const { result } = useAnswer("operation", { sequence });
  const now = result?.ok ? result : operation;
  if (now.state === "applied") {
    return (
      <>
        <Answer result={{ kind: "accepted", operation: now, guaranteed: null }} />
        <Receipt sequence={sequence} />
      </>
    );
  }
  const isOver = now.state === "rejected" || now.state === "writtenOff";
  const reason = now.reason ?? "";
  return <Answer result={{ kind: isOver ? "rejected" : "not-known-yet", operation: now, reason }} />;
}

interface Shown {
  readonly look: "yes" | "maybe" | "wait" | "no";
  readonly icon: IconName;
  readonly title: string;
  readonly todo: string;
  readonly text?: string;
}

function Answer({ result }: { readonly result: RedeemResult }) {
  const { money } = useFormats();
  const place = useRef<HTMLDivElement>(null);
  const shown = useShown(result);
  useEffect(() => place.current?.focus({ preventScroll: true }), [shown.look]);
  return (
    <div
      ref={place}
      tabIndex={-1}
      className={`outcome ${shown.look}`}
      role="status"
      aria-labelledby="outcome"
    >
      <Icon name={shown.icon} />
      <h1 id="outcome">{shown.title}</h1>
      {"operation" in result && (
        <p className="amount">
          <bdi>{money(result.operation)}</bdi>
        </p>
      )}
      <p className="todo">{shown.todo}</p>
      {shown.text !== undefined && <p>{shown.text}</p>}
    </div>
  );
}

function useShown(result: RedeemResult): Shown {
  const { t } = useTranslation();
  const { money } = useFormats();
  const words = useRefusalWords();
  const reasons = useReasonWords();
  const no = { look: "no", icon: "no", title: t("redeem.no"), todo: t("redeem.doNot") } as const;
  switch (result.kind) {
    case "accepted":
      return { look: "yes", icon: "yes", title: t("redeem.yes"), todo: handOver(result.operation) };
    case "provisional": {
      const guaranteed = result.guaranteed ? money(result.guaranteed) : t("common.none");
      const text = t("redeem.provisionalText", { guaranteed });
      return {
        look: "maybe",
        icon: "yes",
        title: t("redeem.provisional"),
        todo: handOver(result.operation),
        text,
      };
    }
    case "not-known-yet":
      return {
        look: "wait",
        icon: "wait",
        title: t("redeem.wait"),
        todo: t("redeem.doNotYet"),
        text: t("redeem.waitText"),
      };
    case "offline":
      return { ...no, text: `${words({ code: result.code, details: {} })} ${t("redeem.offlineText")}` };
    case "rejected":
      return { ...no, text: t("redeem.rejectedText", { reason: reasons.clause(result.reason) }) };
    case "refused":
      return { ...no, text: words(result.refusal) };
  }

  function handOver({ cash, currency }: Operation): string {
    return cash
      ? t("cash.handOver", { amount: money({ amount: cash.paid, currency }) })
      : t("redeem.handOver");
  }
}
