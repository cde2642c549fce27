/** Vouchers: finding one, its life, and suspending or cancelling it. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Facts } from "#ui/parts.tsx";
import type { AnswerOf } from "../api.ts";
import { useRead } from "../asking.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Refused, Told, useActs } from "../parts.tsx";
import { linkTo, usePlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

const states = [
  "preActivated",
  "activated",
  "leased",
  "suspended",
  "blocked",
  "redeeming",
  "consumed",
  "cancelled",
  "expired",
  "purged",
] as const;

export function Vouchers() {
  const { rest } = usePlace();
  const [serial] = rest;
  return serial === undefined ? <All /> : <One key={serial} serial={serial} />;
}

function All() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const term = useTerm();
  return (
    <>
      <PageHead title={t("vouchers.title")} />
      <p className="soft">{t("vouchers.audited")}</p>
      <List
        name="vouchers"
        caption={t("vouchers.title")}
        rowKey={({ serial }) => serial}
        filters={[
          { kind: "search", name: "serial", label: t("vouchers.serial") },
          {
            kind: "choice",
            name: "state",
            label: t("vouchers.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
          { kind: "search", name: "group", label: t("vouchers.group") },
          { kind: "search", name: "batch", label: t("vouchers.batch") },
        ]}
        columns={[
          {
            head: t("vouchers.serial"),
            sort: "serial",
            look: "code",
            cell: ({ serial }) => <a href={linkTo("vouchers", serial)}>{serial}</a>,
          },
          { head: t("vouchers.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("vouchers.group"), cell: ({ group }) => group },
          { head: t("vouchers.amount"), look: "number", cell: ({ amount }) => money(amount) },
          { head: t("vouchers.institution"), cell: ({ institution }) => institution },
          { head: t("vouchers.batch"), cell: ({ batch }) => batch },
          { head: t("vouchers.node"), cell: ({ node }) => node ?? "" },
          { head: t("vouchers.expires"), cell: ({ expiresAt }) => <Moment at={expiresAt} /> },
        ]}
      />
    </>
  );
}

const acts = ["suspend", "unsuspend", "cancel"] as const;
type Act = (typeof acts)[number];

/** What the machine would refuse is not offered; it decides all the same. */
const offered: Readonly<Record<Act, readonly string[]>> = {
  suspend: ["activated", "leased"],
  unsuspend: ["suspended"],
  cancel: ["preActivated", "activated", "leased", "suspended", "blocked"],
};

function One({ serial }: { readonly serial: string }) {
  const { t } = useTranslation();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<Act>();
  const { answer, refusal } = useRead("voucher", { serial }, { version });
  return (
    <>
      <PageHead title={t("vouchers.voucher", { serial })}>
        <a href={linkTo("vouchers")}>{t("common.back")}</a>
      </PageHead>
      <Refused code={refusal} />
      <Told text={told} />
      {answer && (
        <>
          <div className="two">
            <section className="card">
              <VoucherFacts voucher={answer.voucher} />
              <div className="row">
                {acts
                  .filter((act) => may(`voucher.${act}`) && offered[act].includes(answer.voucher.state))
                  .map((act) => (
                    <button
                      key={act}
                      type="button"
                      className={act === "cancel" ? "danger" : undefined}
                      onClick={() => ask(act)}
                    >
                      {t(`vouchers.${act}`)}
                    </button>
                  ))}
              </div>
            </section>
            <Claims claims={answer.claims} />
          </div>
          <Events events={answer.events} />
        </>
      )}
      {asked && (
        <Confirm
          action={`voucher.${asked}`}
          title={t(`vouchers.${asked}`)}
          text={t(`vouchers.${asked}Text`)}
          label={t(`vouchers.${asked}`)}
          danger={asked === "cancel"}
          asksWhy
          input={(because) => ({ serial, because })}
          onDone={({ state, pending }) =>
            done(
              t("vouchers.done", {
                state:
                  pending === null
                    ? term(state)
                    : `${term(state)} (${t("vouchers.pending", { what: term(pending) })})`,
              }),
            )
          }
          onClose={close}
        />
      )}
    </>
  );
}

type Life = AnswerOf<"voucher">;

function VoucherFacts({ voucher }: Pick<Life, "voucher">) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const term = useTerm();
  const { state, pending } = voucher;
  return (
    <Facts
      rows={[
        [t("vouchers.state"), <Chip key="state" state={state} />],
        ...(pending === null ? [] : [["", t("vouchers.pending", { what: term(pending) })] as const]),
        [t("vouchers.amount"), money(voucher.amount)],
        [t("vouchers.group"), voucher.group],
        [t("vouchers.institution"), voucher.institution],
        [t("vouchers.programme"), voucher.programme],
        [t("vouchers.batch"), voucher.batch],
        [t("vouchers.node"), voucher.node ?? t("common.none")],
        [t("vouchers.created"), <Moment key="created" at={voucher.createdAt} />],
        [t("vouchers.expires"), <Moment key="expires" at={voucher.expiresAt} />],
      ]}
    />
  );
}

function Claims({ claims }: Pick<Life, "claims">) {
  const { t } = useTranslation();
  const { money } = useFormats();
  return (
    <section className="card">
      <h2>{t("vouchers.claims")}</h2>
      {claims.length === 0 && <p className="soft">{t("common.nothing")}</p>}
      {claims.map((claim) => (
        <Facts
          key={claim.transactionId}
          rows={[
            [t("vouchers.transaction"), claim.transactionId],
            [t("vouchers.state"), <Chip key="state" state={claim.state} />],
            [t("vouchers.merchant"), claim.merchant],
            [t("vouchers.amount"), money(claim.amount)],
            [t("vouchers.offline"), claim.offline ? t("vouchers.isOffline") : t("vouchers.isOnline")],
            [t("vouchers.when"), <Moment key="at" at={claim.at} />],
          ]}
        />
      ))}
    </section>
  );
}

function Events({ events }: Pick<Life, "events">) {
  const { t } = useTranslation();
  return (
    <section className="after">
      <h2>{t("vouchers.history")}</h2>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroller" role="region" aria-label={t("vouchers.history")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("vouchers.when")}</th>
              <th scope="col">{t("vouchers.who")}</th>
              <th scope="col">{t("vouchers.what")}</th>
              <th scope="col">{t("vouchers.detail")}</th>
            </tr>
          </thead>
          <tbody>
            {events.map(({ at, actor, action, detail }) => (
              <tr key={`${at} ${action} ${detail}`}>
                <th scope="row">
                  <Moment at={at} />
                </th>
                <td>{actor}</td>
                <td>{action}</td>
                <td className="long history">{detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
