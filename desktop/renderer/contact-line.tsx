/** One line that is always there: the connection, what waits, who is at the till, and what has gone wrong. */
import { useTranslation } from "react-i18next";
import type { TillState } from "../protocol.ts";
import { useFormats } from "./format.ts";
import { ask } from "./till.ts";

export function ContactLine({ state, onOpen }: { readonly state: TillState; readonly onOpen: () => void }) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { sync, till, cashier } = state;
  if (!sync || !till) return null;
  const connection = sync.online === null ? "unknown" : sync.online ? "online" : "offline";
  return (
    <>
      <div className="contact">
        <button type="button" className={`contact-state ${connection}`} onClick={onOpen}>
          <span aria-hidden="true">
            {connection === "online" ? "●" : connection === "offline" ? "▲" : "○"}
          </span>{" "}
          {t(`sync.${connection}`)}
          {" · "}
          {sync.queued === 0 ? t("sync.nothingWaiting") : t("sync.waiting", { count: sync.queued })}
          {sync.held > 0 && ` · ${t("sync.held", { count: sync.held })}`}
        </button>
        <span className="who">
          {till.merchantName}
          {cashier && ` · ${t("people.signedIn", { name: cashier.name, since: moment(cashier.sinceMs) })}`}
        </span>
        <button type="button" onClick={() => void ask("sign-out", { endShift: false })}>
          {t("people.lockScreen")}
        </button>
      </div>
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
