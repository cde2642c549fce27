/** What callers are told, and what could not be delivered. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { useFiltersOfPlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

const states = ["undeliverable", "waiting", "delivered"] as const;

export function Callbacks() {
  const { t } = useTranslation();
  const { key, initially } = useFiltersOfPlace("number");
  const { number } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<string>();
  return (
    <>
      <PageHead title={t("callbacks.title")} />
      <Told text={told} />
      <List
        key={key}
        initially={initially}
        name="callbacks"
        caption={t("callbacks.title")}
        version={version}
        rowKey={({ id }) => id}
        filters={[
          {
            kind: "choice",
            name: "state",
            label: t("callbacks.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
          { kind: "search", name: "number", label: t("callbacks.id") },
          { kind: "search", name: "institution", label: t("callbacks.institution") },
        ]}
        columns={[
          { head: t("callbacks.id"), sort: "id", cell: ({ id }) => id },
          { head: t("callbacks.institution"), cell: ({ institution }) => institution },
          { head: t("callbacks.kind"), cell: ({ kind }) => term(`about-${kind}`) },
          { head: t("callbacks.url"), look: "long", cell: ({ url }) => url },
          { head: t("callbacks.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("callbacks.tries"), look: "number", cell: ({ tries }) => number(tries) },
          { head: t("callbacks.lastTried"), cell: ({ lastTriedAt }) => <Moment at={lastTriedAt} /> },
          { head: t("callbacks.error"), look: "long", cell: ({ lastError }) => lastError ?? "" },
        ]}
        {...(may("callback.resend") && {
          acts: ({ id }: { readonly id: string }) => (
            <button type="button" onClick={() => ask(id)}>
              {t("callbacks.resend")}
              <span className="unseen"> {id}</span>
            </button>
          ),
        })}
      />
      {asked !== undefined && (
        <Confirm
          action="callback.resend"
          title={t("callbacks.resendTitle", { id: asked })}
          text={t("callbacks.resendText")}
          label={t("callbacks.resend")}
          input={() => ({ id: asked })}
          onDone={() => done(t("callbacks.done"))}
          onClose={close}
        />
      )}
    </>
  );
}
