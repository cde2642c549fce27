/** The till's standing in a line or two, for the tray and for the question before quitting. */
import { formatMoney } from "#core/money-text.ts";
import type { QuitCheck, TillState } from "../protocol.ts";
import { languageFor, shellWords } from "./words.ts";
import type { ShellWords } from "./words.ts";

export type Unsent = Pick<QuitCheck, "queued" | "sums">;

export interface Status {
  readonly icon: "online" | "waiting" | "offline";
  readonly connection: string;
  readonly unsent: string;
  readonly maySync: boolean;
}

export function statusOf({ till, sync, phase }: TillState, words: ShellWords, locale: string): Status {
  if (!till || !sync)
    return { icon: "offline", connection: words.notEnrolled, unsent: words.nothingUnsent, maySync: false };
  const connection = sync.online === null ? words.notTried : sync.online ? words.online : words.offline;
  const unsent = unsentLine({ queued: sync.queued, sums: sync.queuedSums }, words, locale);
  const icon = sync.queued > 0 ? "waiting" : sync.online === true ? "online" : "offline";
  return { icon, connection, unsent, maySync: phase === "signed-out" || phase === "open" };
}

export function unsentLine({ queued, sums }: Unsent, words: ShellWords, locale: string): string {
  if (queued === 0) return words.nothingUnsent;
  const count = new Intl.NumberFormat(locale).format(queued);
  const value = new Intl.ListFormat(locale, { type: "unit" }).format(
    sums.map((sum) => formatMoney(locale, sum.amount, sum.currency)),
  );
  return words.unsent.replace("{count}", count).replace("{value}", value);
}

export function wordsFor(state: TillState | undefined, systemLocale: string) {
  const locale = languageFor(state?.settings.language ?? null, systemLocale);
  return { locale, words: shellWords[locale] };
}
