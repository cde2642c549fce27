/** What a button starts, and the words for whatever comes of it. */
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Refused } from "../protocol.ts";
import { useFormats } from "#ui/format.ts";
import { TillError } from "./till.ts";
import { catalogues } from "./words.ts";

/** The words for a refusal, whatever its code. */
export function useRefusalWords(): (refusal: Pick<Refused, "code" | "details">) => string {
  const { t } = useTranslation();
  const { moment, deadline } = useFormats();
  return ({ code: told, details }) => {
    // What the server refuses is said in its own words, where there are some.
    const reason = details["reason"];
    const isKnown = typeof reason === "string" && Object.hasOwn(catalogues.en.refusal, reason);
    const code = told === "refused" && isKnown ? reason : told;
    if (!Object.hasOwn(catalogues.en.refusal, code)) return t("refusal.unknown", { code });
    const when = (value: unknown, format = moment) => (typeof value === "number" ? format(value) : "");
    const none = t("common.none");
    // A till of this very shop; else as much of where it is as its holder lets others know.
    const isOwnTill = code === "leased-elsewhere" && typeof details["till"] === "string";
    const place = [details["area"], details["phone"]].filter((part) => typeof part === "string").join(", ");
    const text = Object.fromEntries(Object.entries(details).map(([name, value]) => [name, value ?? none]));
    return t(`refusal.${(isOwnTill ? "at-other-till" : code) as "unknown"}`, {
      code,
      place: place === "" ? "" : ` (${place})`,
      ...text,
      at: when(details["atMs"]),
      until: when(details["untilMs"], deadline),
    });
  };
}

/** The words for why the server rejected or holds an operation; the code itself where there are none. */
export function useReasonWords() {
  const { t, i18n } = useTranslation();
  /** As the end of a sentence. */
  const clause = (reason: string): string =>
    Object.hasOwn(catalogues.en.reason, reason) ? t(`reason.${reason as "wrong-number"}`) : reason;
  const sentence = (reason: string): string => {
    const text = clause(reason);
    return text.slice(0, 1).toLocaleUpperCase(i18n.language) + text.slice(1);
  };
  return { clause, sentence };
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

/** Below a form in a dialog. */
export function SaveOrCancel({
  isBusy,
  onClose,
}: {
  readonly isBusy: boolean;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="row">
      <button className="primary" disabled={isBusy}>
        {isBusy ? t("common.working") : t("common.save")}
      </button>
      <button type="button" onClick={onClose}>
        {t("common.cancel")}
      </button>
    </div>
  );
}

export function Wrong({ text }: { readonly text: string | undefined }) {
  return (
    <p role="alert" className={text === undefined ? "quiet" : "banner bad"}>
      {text}
    </p>
  );
}
