/** The vouchers that are reserved for this till: what is there, more of them, and giving one back. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Lease } from "../../protocol.ts";
import { useAction, useRefusalWords, Wrong } from "../action.tsx";
import { Field } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { useAskOnce } from "../once.ts";
import { More, usePages } from "../pages.tsx";
import { Dialog } from "#ui/parts.tsx";
import { westernDigits } from "../redeem/voucher-text.ts";
import { useTill } from "../till.ts";

export function Vouchers() {
  const { t } = useTranslation();
  const { sync } = useTill();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  return (
    <>
      <h1>{t("vouchers.title")}</h1>
      <p>{t("vouchers.intro")}</p>
      <p>
        <strong>{t("common.count", { count: sync?.leases ?? 0 })}</strong>
      </p>
      <Field
        label={t("common.search")}
        hint={t("vouchers.searchHint")}
        type="search"
        inputMode="numeric"
        maxLength={25}
        value={search}
        onChange={({ target }) => setSearch(westernDigits(target.value))}
      />
      <Leases key={wanted} search={wanted} />
      <FetchMore />
    </>
  );
}

function Leases({ search }: { readonly search: string }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const [giving, setGiving] = useState<Lease>();
  const pages = usePages<"leases", Lease>({
    name: "leases",
    payloadAfter: (row) => ({ search, after: row?.serial ?? null }),
    pageOf: ({ leases, more }) => ({ rows: leases, more }),
    keyOf: ({ serial }) => serial,
  });
  if (!pages) return <p role="status">{t("common.working")}</p>;
  if (pages.rows.length === 0) return <p role="status">{t("common.nothing")}</p>;
  return (
    <>
      <ul className="list">
        {pages.rows.map((lease) => (
          <li key={lease.serial}>
            <span className="stack">
              <bdi className="code">{lease.serial}</bdi>
              <span className="soft">{t("vouchers.until", { until: moment(lease.notAfterMs) })}</span>
            </span>
            {lease.spent && <span className="chip look-rejected">{t("vouchers.spent")}</span>}
            {lease.recalled && <span className="chip look-pending">{t("vouchers.recalled")}</span>}
            <strong className="end number">
              {lease.amount !== null && lease.currency !== null && (
                <bdi>{money({ amount: lease.amount, currency: lease.currency })}</bdi>
              )}
            </strong>
            <button type="button" onClick={() => setGiving(lease)}>
              {t("vouchers.release")}
            </button>
          </li>
        ))}
      </ul>
      <More {...pages} />
      {giving && <GiveBack serial={giving.serial} onClose={() => setGiving(undefined)} />}
    </>
  );
}

function GiveBack({ serial, onClose }: { readonly serial: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const release = async () => {
    const released = await askOnce("release", { serial });
    if (released.ok) onClose();
    return released;
  };
  return (
    <Dialog title={t("vouchers.release")} onClose={onClose}>
      <p>{t("vouchers.releaseConfirm", { serial })}</p>
      <div className="row">
        <button type="button" className="primary" disabled={isBusy} onClick={() => void run(release)}>
          {t("vouchers.release")}
        </button>
        <button type="button" onClick={onClose}>
          {t("common.cancel")}
        </button>
      </div>
      <Wrong text={wrong} />
    </Dialog>
  );
}

function FetchMore() {
  const { t } = useTranslation();
  const words = useRefusalWords();
  const [group, setGroup] = useState("");
  const [quantity, setQuantity] = useState("10");
  const [granted, setGranted] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const reserve = async () => {
    setGranted(undefined);
    const answer = await askOnce("reserve", { group: group.toUpperCase(), quantity: Number(quantity) });
    if (answer.ok) {
      const { because, granted: more, held, most } = answer;
      const why = because === null ? "" : ` ${words({ code: because, details: {} })}`;
      setGranted(`${t("vouchers.granted", { granted: more, held, most })}${why}`);
    }
    return answer;
  };
  return (
    <form
      className="boxed after"
      onSubmit={(event) => {
        event.preventDefault();
        void run(reserve);
      }}
    >
      <h2>{t("vouchers.fetch")}</h2>
      <div className="row">
        <Field
          label={t("vouchers.group")}
          hint={t("vouchers.groupHint")}
          required
          pattern="[A-Za-z0-9]{3}"
          maxLength={3}
          dir="ltr"
          value={group}
          onChange={({ target }) => setGroup(target.value)}
        />
        <Field
          label={t("vouchers.quantity")}
          type="number"
          min={1}
          max={500}
          required
          value={quantity}
          onChange={({ target }) => setQuantity(target.value)}
        />
      </div>
      <button disabled={isBusy}>{isBusy ? t("common.working") : t("vouchers.fetch")}</button>
      <p role="status">{granted}</p>
      <Wrong text={wrong} />
    </form>
  );
}
