/** The words for what till and server say of a payee, whatever the code. */
import { useTranslation } from "react-i18next";
import { useReasonWords, useRefusalWords } from "../action.tsx";
import type { Refused } from "../../protocol.ts";
import { catalogues } from "../words.ts";

export function usePayeeWords() {
  const { t } = useTranslation();
  const refusals = useRefusalWords();
  const reasons = useReasonWords();
  const own = (code: string): string | undefined =>
    Object.hasOwn(catalogues.en.payees.refusals, code)
      ? t(`payees.refusals.${code as "not-registered"}`)
      : undefined;
  return {
    refusal: (refused: Refused) => own(refused.code) ?? refusals(refused),
    reason: (code: string) => own(code) ?? reasons.sentence(code),
  };
}
