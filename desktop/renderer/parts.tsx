/** What several screens are made of. */
import { useTranslation } from "react-i18next";
import type { Operation, Sum } from "../protocol.ts";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import type { IconName } from "#ui/icons.tsx";

export const standings = ["settled", "pending", "disputed", "rejected"] as const;
export type Standing = (typeof standings)[number];

export const standingIcons: Readonly<Record<Standing, IconName>> = {
  settled: "yes",
  pending: "wait",
  disputed: "disputes",
  rejected: "no",
};

const stateIcons = {
  queued: "wait",
  held: "wait",
  applied: "yes",
  rejected: "no",
  writtenOff: "no",
} as const;

/** What became of an operation, by words, colour and shape. */
export function StateChip({ state, disputed }: Pick<Operation, "state" | "disputed">) {
  const { t } = useTranslation();
  const look = disputed ? "disputed" : state;
  return (
    <span className={`chip look-${look}`}>
      <Icon name={disputed ? "disputes" : stateIcons[state]} />
      {t(`state.${look}`)}
    </span>
  );
}

interface StandingCardsProps {
  readonly totals: Readonly<Record<Standing, readonly Sum[]>>;
}

/** The four sums side by side, never added up. */
export function StandingCards({ totals }: StandingCardsProps) {
  const { t } = useTranslation();
  const { money } = useFormats();
  return (
    <div className="cards">
      {standings.map((standing) => (
        <section key={standing} className={`card standing look-${standing}`}>
          <h2>
            <Icon name={standingIcons[standing]} />
            {t(`state.${standing}`)}
          </h2>
          {totals[standing].length === 0 && <p className="soft">{t("common.none")}</p>}
          {totals[standing].map((sum) => (
            <p key={sum.currency}>
              <bdi className="amount">{money(sum)}</bdi>
              <span className="soft">{t("common.count", { count: sum.count })}</span>
            </p>
          ))}
          <p className="hint">{t(`totals.${standing}`)}</p>
        </section>
      ))}
    </div>
  );
}
