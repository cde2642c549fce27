/** Around every open screen: the sections, the connection, who is at the till, and what has gone wrong. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TillState } from "../protocol.ts";
import { isolated, useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import { Brand } from "#ui/parts.tsx";
import { BillsToGiveBack } from "./bills/to-give-back.tsx";
import { Bills } from "./screens/bills.tsx";
import { Disputes } from "./screens/disputes.tsx";
import { History } from "./screens/history.tsx";
import { Payees } from "./screens/payees.tsx";
import { Payouts } from "./screens/payouts.tsx";
import { Redeem } from "./screens/redeem.tsx";
import { Settings } from "./screens/settings.tsx";
import { ShiftScreen } from "./screens/shift.tsx";
import { Sync } from "./screens/sync.tsx";
import { Totals } from "./screens/totals.tsx";
import { Vouchers } from "./screens/vouchers.tsx";
import { ask, connectionOf } from "./till.ts";
import { useTouch } from "./touch.ts";

const screens = {
  redeem: Redeem,
  bills: Bills,
  history: History,
  totals: Totals,
  sync: Sync,
  shift: ShiftScreen,
  payouts: Payouts,
  disputes: Disputes,
  payees: Payees,
  vouchers: Vouchers,
  settings: Settings,
} as const;

type Section = keyof typeof screens;
const allSections: readonly Section[] = [
  "redeem",
  "bills",
  "history",
  "totals",
  "shift",
  "payouts",
  "disputes",
  "payees",
  "vouchers",
  "sync",
  "settings",
];
/** What fits along the bottom of a phone; the others are behind "More". */
const first: ReadonlySet<Section> = new Set<Section>(["redeem", "history", "totals", "sync"]);
const firstOfAgents: ReadonlySet<Section> = new Set<Section>(["redeem", "bills", "history", "sync"]);

export function Frame({ state }: { readonly state: TillState }) {
  const { t } = useTranslation();
  const [section, setSection] = useState<Section | "more">("redeem");
  useTouch();
  const isThere: Partial<Record<Section, boolean>> = {
    payees: state.payees !== null,
    bills: state.bills !== null,
  };
  const sections = allSections.filter((name) => isThere[name] ?? true);
  const onPhone = state.bills === null ? first : firstOfAgents;
  const Screen = section === "more" ? undefined : screens[section];
  const go = (to: Section | "more") => {
    setSection(to);
    window.scrollTo(0, 0);
  };
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <div className="rail">
        <Brand name={t("app.name")} note={state.till?.merchantName} />
        <nav aria-label={t("app.sections")}>
          {sections.map((name) => (
            <button
              key={name}
              type="button"
              className={onPhone.has(name) ? undefined : "beyond"}
              aria-current={name === section ? "page" : undefined}
              onClick={() => go(name)}
            >
              <Icon name={name} />
              {t(`nav.${name}`)}
              {name === "bills" && state.bills && state.bills.toGiveBack > 0 && (
                <span className="badge">{state.bills.toGiveBack}</span>
              )}
            </button>
          ))}
          <button
            type="button"
            className="on-phone"
            aria-current={section === "more" ? "page" : undefined}
            onClick={() => go("more")}
          >
            <Icon name="more" />
            {t("nav.more")}
          </button>
        </nav>
      </div>
      <Strip state={state} onOpen={() => go("sync")} />
      <main id="content" tabIndex={-1}>
        <Stopped till={state.till} />
        {section !== "bills" && <BillsToGiveBack bills={state.bills} onShow={() => go("bills")} />}
        {Screen ? (
          <Screen key={section} />
        ) : (
          <>
            <h1>{t("nav.more")}</h1>
            <div className="more-list">
              {sections
                .filter((name) => !onPhone.has(name))
                .map((name) => (
                  <button key={name} type="button" onClick={() => go(name)}>
                    <Icon name={name} />
                    {t(`nav.${name}`)}
                  </button>
                ))}
            </div>
          </>
        )}
      </main>
    </div>
  );
}

/** One line that is always there. */
function Strip({ state, onOpen }: { readonly state: TillState; readonly onOpen: () => void }) {
  const { t } = useTranslation();
  const { time, money } = useFormats();
  const { sync, cashier } = state;
  if (!sync) return null;
  const connection = connectionOf(sync.online);
  const sums = sync.queuedSums.map((sum) => isolated(money(sum))).join(", ");
  const waiting =
    sync.queued === 0
      ? t("sync.nothingWaiting")
      : [t("sync.waiting", { count: sync.queued }), sums && `(${sums})`].filter(Boolean).join(" ");
  return (
    <header className="strip">
      <button type="button" className={`contact ${connection}`} onClick={onOpen}>
        <Icon name={connection === "online" ? "online" : "offline"} />
        <span>
          {t(`sync.${connection}`)} · {waiting}
          {sync.held > 0 && ` · ${t("sync.held", { count: sync.held })}`}
        </span>
      </button>
      {cashier && (
        <span className="who">
          {t("people.signedIn", { name: cashier.name, since: time(cashier.sinceMs) })}
        </span>
      )}
      <button type="button" onClick={() => void ask("sign-out", { endShift: false })}>
        <Icon name="lock" />
        {t("people.lockScreen")}
      </button>
    </header>
  );
}

function Stopped({ till }: Pick<TillState, "till">) {
  const { t } = useTranslation();
  if (!till) return null;
  return (
    <>
      {till.stopped !== null && (
        <p role="alert" className="banner bad">
          {t("refusal.node-stopped", { because: till.stopped })}
        </p>
      )}
      {till.status !== "active" && (
        <p role="alert" className="banner bad">
          {t(`refusal.node-${till.status}`)}
        </p>
      )}
    </>
  );
}
