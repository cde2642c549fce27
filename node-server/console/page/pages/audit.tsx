/** The audit trail: what everybody did, and whether it is whole. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { Dialog } from "#ui/parts.tsx";
import { ask, readPath } from "../api.ts";
import type { AnswerOf } from "../api.ts";
import { List } from "../list.tsx";
import { Moment, PageHead, Refused } from "../parts.tsx";

export function Audit() {
  const { t } = useTranslation();
  const [isChecking, setChecking] = useState(false);
  return (
    <>
      <PageHead title={t("audit.title")}>
        <button type="button" onClick={() => setChecking(true)}>
          {t("audit.check")}
        </button>
      </PageHead>
      {isChecking && <Check onClose={() => setChecking(false)} />}
      <List
        name="audit"
        caption={t("audit.title")}
        jsonLines
        rowKey={({ id }) => id}
        filters={[
          { kind: "day", name: "from", label: t("audit.from") },
          { kind: "day", name: "until", label: t("audit.until") },
          { kind: "search", name: "component", label: t("audit.component") },
          { kind: "search", name: "action", label: t("audit.action") },
          { kind: "search", name: "actor", label: t("audit.actor") },
          { kind: "search", name: "subject", label: t("audit.subject") },
        ]}
        columns={[
          { head: t("audit.at"), sort: "id", cell: ({ at }) => <Moment at={at} withDay /> },
          { head: t("audit.actor"), cell: ({ actor }) => actor },
          { head: t("audit.action"), look: "code", cell: ({ action }) => action },
          { head: t("audit.subject"), cell: ({ subject }) => subject },
          { head: t("audit.origin"), cell: ({ origin }) => origin ?? "" },
          { head: t("audit.reason"), cell: ({ reason }) => reason ?? "" },
          { head: t("audit.before"), look: "long", cell: ({ before }) => before ?? "" },
          { head: t("audit.after"), look: "long", cell: ({ after }) => after ?? "" },
        ]}
      />
    </>
  );
}

function Check({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [kept, setKept] = useState("");
  const { parts, isBusy, refusal, check } = useChainCheck();
  return (
    <Dialog title={t("audit.check")} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void check(kept);
        }}
      >
        <p>{t("audit.checkText")}</p>
        <Field
          label={t("audit.kept")}
          value={kept}
          pattern="[0-9]+:[0-9a-f]{64}"
          onChange={({ target }) => setKept(target.value.trim())}
        />
        <Refused code={refusal} />
        <Found parts={parts} />
        <div className="row">
          <button type="submit" className="primary" disabled={isBusy}>
            {isBusy ? t("common.working") : t("audit.begin")}
          </button>
          <button type="button" onClick={onClose}>
            {t("common.close")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Found({ parts }: { readonly parts: readonly Part[] }) {
  const { t } = useTranslation();
  const { number, moment } = useFormats();
  const last = parts.at(-1);
  if (!last) return null;
  const breaks = parts.flatMap((part) => part.breaks);
  const [entries, of] = [number(Number(last.entries)), number(Number(last.of))];
  const until = parts.findLast((part) => part.until !== null)?.until ?? null;
  const look = breaks.length > 0 ? "banner bad" : last.isWhole ? "banner good" : "banner";
  return (
    <div role="status" className={look}>
      {breaks.length > 0 ? (
        <>
          <p>{t("audit.broken")}</p>
          <ul>
            {breaks.map(({ code, place }) => (
              <li key={`${code} ${place}`}>{`${place}: ${code}`}</li>
            ))}
          </ul>
        </>
      ) : (
        <p>{last.isWhole ? t("audit.whole") : t("audit.checking")}</p>
      )}
      <progress value={Number(last.entries)} max={Number(last.of)} aria-label={t("audit.checking")} />
      <p>{t("audit.read", { entries, of, until: until === null ? t("common.never") : moment(until) })}</p>
      {last.isWhole && (
        <>
          <p>
            {t("audit.waiting", { count: last.waiting })}{" "}
            {t("audit.compared", { count: parts.flatMap((part) => part.compared).length })}
          </p>
          <p className="history">{t("audit.head", { head: last.head })}</p>
        </>
      )}
    </div>
  );
}

type Part = AnswerOf<"auditCheck">;

/** Part by part, so that one sees how far it is. */
function useChainCheck() {
  const [parts, setParts] = useState<readonly Part[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const stop = useRef(new AbortController());
  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current.abort();
  }, []);
  const check = async (kept: string) => {
    const { signal } = stop.current;
    setBusy(true);
    setRefusal(undefined);
    const read: Part[] = [];
    while (!signal.aborted && read.at(-1)?.isWhole !== true) {
      const after = read.at(-1)?.head;
      const path = readPath("auditCheck", { ...(after && { after }), ...(kept !== "" && { kept }) });
      const told = await ask<Part>(path, { signal });
      if (!told.ok) {
        setRefusal(told.refusal);
        break;
      }
      read.push(told.answer);
      setParts([...read]);
    }
    setBusy(false);
  };
  return { parts, isBusy, refusal, check };
}
