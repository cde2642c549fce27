/** The connection: what was sent, what waits, how much may still be accepted without one, and carrying by hand. */
import { useState } from "react";
import type { ChangeEvent } from "react";
import { useTranslation } from "react-i18next";
import type { SyncState } from "../../protocol.ts";
import { readBase64, saveBase64 } from "../files.ts";
import { useFormats } from "../format.ts";
import { useAction, useRefusalWords, Wrong } from "../parts.tsx";
import { ask, useTill } from "../till.ts";

export function Sync() {
  const { t } = useTranslation();
  const { moment, money, bytes, number } = useFormats();
  const words = useRefusalWords();
  const { sync } = useTill();
  const { wrong, run } = useAction();
  if (!sync) return null;
  const connection = sync.online === null ? "unknown" : sync.online ? "online" : "offline";
  return (
    <>
      <h1>{t("sync.title")}</h1>
      <div className={`card ${connection}`}>
        <h2>{t(`sync.${connection}`)}</h2>
        <p>
          {sync.lastContactMs === null
            ? t("sync.never")
            : t("sync.last", { when: moment(sync.lastContactMs) })}
        </p>
        <p role="status">
          {sync.running
            ? t("sync.running", { count: sync.queued })
            : sync.queued === 0
              ? t("sync.nothingWaiting")
              : t("sync.waiting", { count: sync.queued })}
          {sync.queuedSums.length > 0 && `: ${sync.queuedSums.map(money).join(", ")}`}
        </p>
        {sync.held > 0 && <p>{t("sync.held", { count: sync.held })}</p>}
        {sync.recalled > 0 && <p>{t("sync.recalled", { count: sync.recalled })}</p>}
        <p>{t("sync.used", { bytes: bytes(sync.bytesToday) })}</p>
        <button
          type="button"
          className="primary"
          disabled={sync.running}
          onClick={() => void run(() => ask("sync", {}))}
        >
          {t("sync.now")}
        </button>
      </div>
      <Wrong text={wrong ?? (sync.problem && !sync.running ? words(sync.problem) : undefined)} />
      {sync.clock.off && sync.clock.offsetMs !== null && (
        <p role="alert" className="banner bad">
          {t("sync.clockOff", { seconds: number(Math.round(sync.clock.offsetMs / 1000)) })}
        </p>
      )}
      {!sync.clock.anchored && <p className="banner warn">{t("sync.clockUnconfirmed")}</p>}
      {sync.rowsAside > 0 && <p className="banner bad">{t("sync.aside", { count: sync.rowsAside })}</p>}
      <LimitGauges limits={sync.limits} />
      <Carry />
    </>
  );
}

function LimitGauges({ limits }: Pick<SyncState, "limits">) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  return (
    <section className="boxed">
      <h2>{t("sync.limits")}</h2>
      {limits.kind === "no-policy" && <p>{t("sync.limitsNoPolicy")}</p>}
      {limits.kind === "not-fetched" && <p>{t("sync.limitsNotFetched")}</p>}
      {limits.kind === "reserved-only" && <p>{t("sync.limitsReserved")}</p>}
      {limits.kind === "at-risk" && (
        <>
          {limits.amounts.map(({ currency, left, most }) => (
            <Meter
              key={currency}
              label={t("sync.amount", { currency })}
              left={Number(left)}
              most={Number(most)}
              text={t("sync.leftOf", {
                left: money({ amount: left, currency }),
                most: money({ amount: most, currency }),
              })}
            />
          ))}
          {(["redemptions", "hours", "denyListHours"] as const).map((gauge) => (
            <Meter
              key={gauge}
              label={t(`sync.${gauge === "denyListHours" ? "denyList" : gauge}`)}
              {...limits[gauge]}
              text={t("sync.leftOf", {
                left: number(limits[gauge].left),
                most: number(limits[gauge].most),
              })}
            />
          ))}
        </>
      )}
    </section>
  );
}

interface MeterProps {
  readonly label: string;
  readonly left: number;
  readonly most: number;
  readonly text: string;
}

function Meter({ label, left, most, text }: MeterProps) {
  return (
    <label className="gauge">
      <span>{label}</span>
      <meter min={0} max={Math.max(most, 1)} low={most / 4} optimum={most} value={left} />
      <span>{text}</span>
    </label>
  );
}

function Carry() {
  const { t } = useTranslation();
  const [said, setSaid] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  const write = async () => {
    const file = await ask("export", {});
    if (file.ok) {
      saveBase64(file.name, file.file);
      setSaid(t("sync.exported", { count: file.count, left: file.left }));
    }
    return file;
  };
  const takeIn = async (file: File) => {
    const taken = await ask("import", { file: await readBase64(file) });
    if (taken.ok) setSaid(t("sync.imported", { ...taken, ok: "" }));
    return taken;
  };
  const handIn = async (file: File) => {
    const answer = await ask("hand-in", { file: await readBase64(file) });
    if (answer.ok) {
      saveBase64(`${file.name}.answer`, answer.file);
      setSaid(t("sync.handedIn"));
    }
    return answer;
  };
  const withFile = (work: (file: File) => Promise<object>) => (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    setSaid(undefined);
    if (file) void run(() => work(file));
  };
  return (
    <section className="boxed">
      <h2>{t("sync.carry")}</h2>
      <p>{t("sync.carrySteps")}</p>
      <div className="row">
        <button type="button" disabled={isBusy} onClick={() => void run(write)}>
          {t("sync.export")}
        </button>
        <label className="button">
          {t("sync.import")}
          <input type="file" className="unseen" onChange={withFile(takeIn)} />
        </label>
        <label className="button">
          {t("sync.handIn")}
          <input type="file" className="unseen" onChange={withFile(handIn)} />
        </label>
      </div>
      <p role="status">{isBusy ? t("common.working") : said}</p>
      <Wrong text={wrong} />
    </section>
  );
}
