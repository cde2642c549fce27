/** The connection: what was sent, what waits, how much may still be accepted without one, and carrying by hand. */
import { useTranslation } from "react-i18next";
import type { SyncState } from "../../protocol.ts";
import { useAction, useRefusalWords, Wrong } from "../action.tsx";
import { Carry } from "../carry.tsx";
import { isolated, useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import { LimitGauges } from "../limits.tsx";
import { Facts } from "#ui/parts.tsx";
import { ask, connectionOf, useTill } from "../till.ts";

export function Sync() {
  const { t } = useTranslation();
  const words = useRefusalWords();
  const { sync } = useTill();
  const { wrong, run } = useAction();
  if (!sync) return null;
  const connection = connectionOf(sync.online);
  return (
    <>
      <h1>{t("sync.title")}</h1>
      <section className={`card standing look-${connection}`}>
        <h2>
          <Icon name={connection === "online" ? "online" : "offline"} />
          {t(`sync.${connection}`)}
        </h2>
        <SyncFacts sync={sync} />
        {sync.running && <Progress sync={sync} />}
        <button
          type="button"
          className="primary large"
          disabled={sync.running}
          onClick={() => void run(() => ask("sync", {}))}
        >
          <Icon name="sync" />
          {sync.running ? t("sync.runningShort") : t("sync.now")}
        </button>
      </section>
      <Wrong text={wrong ?? (sync.problem && !sync.running ? words(sync.problem) : undefined)} />
      <Warnings sync={sync} />
      <LimitGauges limits={sync.limits} />
      <Carry />
    </>
  );
}

function SyncFacts({ sync }: { readonly sync: SyncState }) {
  const { t } = useTranslation();
  const { moment, money, bytes, list } = useFormats();
  const waiting =
    sync.queued === 0
      ? t("sync.nothingWaiting")
      : `${t("sync.waiting", { count: sync.queued })}: ${list(sync.queuedSums.map((sum) => isolated(money(sum))))}`;
  return (
    <Facts
      rows={[
        [t("sync.last"), sync.lastContactMs === null ? t("sync.never") : moment(sync.lastContactMs)],
        [t("sync.queue"), waiting],
        ...(sync.held === 0 ? [] : [[t("sync.heldTitle"), t("sync.held", { count: sync.held })] as const]),
        [t("nav.vouchers"), t("common.count", { count: sync.leases })],
        [t("sync.used"), bytes(sync.bytesToday)],
      ]}
    />
  );
}

function Progress({ sync: { progress, queued } }: { readonly sync: SyncState }) {
  const { t } = useTranslation();
  const { sent, of, received } = progress ?? { sent: 0, of: queued, received: 0 };
  const text = t("sync.progress", { sent, of, received });
  return (
    <div role="status">
      <progress max={Math.max(of, 1)} value={of === 0 ? 1 : sent} aria-label={t("sync.runningShort")} />
      <p>{text}</p>
    </div>
  );
}

function Warnings({ sync }: { readonly sync: SyncState }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { clock } = sync;
  return (
    <>
      {clock.off && clock.offsetMs !== null && (
        <p role="alert" className="banner bad">
          {t("sync.clockOff", { seconds: number(Math.round(clock.offsetMs / 1000)) })}
        </p>
      )}
      {!clock.anchored && <p className="banner warn">{t("sync.clockUnconfirmed")}</p>}
      {sync.rowsAside > 0 && <p className="banner bad">{t("sync.aside", { count: sync.rowsAside })}</p>}
      {sync.recalled > 0 && <p className="banner warn">{t("sync.recalled", { count: sync.recalled })}</p>}
      {sync.held > 0 && <p className="banner warn">{t("sync.heldHint")}</p>}
    </>
  );
}
