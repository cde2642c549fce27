/** The vouchers that are reserved for this till: what is there, more of them, and giving one back. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Lease, LeasePage } from "../../protocol.ts";
import { useFormats } from "../format.ts";
import { Dialog, Field, useAction, useRefusalWords, Wrong } from "../parts.tsx";
import { ask, useAnswer } from "../till.ts";

export function Vouchers() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  return (
    <>
      <h1>{t("vouchers.title")}</h1>
      <p>{t("vouchers.intro")}</p>
      <Field
        label={t("common.search")}
        hint={t("redeem.serial")}
        type="search"
        inputMode="numeric"
        maxLength={25}
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      <Pages key={wanted} search={wanted} />
      <FetchMore />
    </>
  );
}

function Pages({ search }: { readonly search: string }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const first = useAnswer("leases", { search, after: null }).result;
  const [later, setLater] = useState<readonly LeasePage[]>([]);
  const [giving, setGiving] = useState<Lease>();
  if (!first) return <p role="status">{t("common.working")}</p>;
  const pages = [first, ...later];
  const leases = [...new Map(pages.flatMap((page) => page.leases).map((row) => [row.serial, row])).values()];
  const more = async () => {
    const page = await ask("leases", { search, after: leases.at(-1)?.serial ?? null });
    setLater((known) => [...known, page]);
  };
  if (leases.length === 0) return <p>{t("common.nothing")}</p>;
  return (
    <>
      <ul className="list">
        {leases.map((lease) => (
          <li key={lease.serial}>
            <bdi>{lease.serial}</bdi>
            <strong>
              {lease.amount !== null && lease.currency !== null
                ? money({ amount: lease.amount, currency: lease.currency })
                : ""}
            </strong>
            <span>{t("vouchers.until", { until: moment(lease.notAfterMs) })}</span>
            {lease.recalled && <span className="tag">{t("vouchers.recalled")}</span>}
            <button type="button" onClick={() => setGiving(lease)}>
              {t("vouchers.release")}
            </button>
          </li>
        ))}
      </ul>
      {pages.at(-1)?.more && (
        <button type="button" onClick={() => void more()}>
          {t("common.more")}
        </button>
      )}
      {giving && <GiveBack serial={giving.serial} onClose={() => setGiving(undefined)} />}
    </>
  );
}

function GiveBack({ serial, onClose }: { readonly serial: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { isBusy, wrong, run } = useAction();
  const release = async () => {
    const released = await ask("release", { serial });
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
  const reserve = async () => {
    setGranted(undefined);
    const answer = await ask("reserve", { group: group.toUpperCase(), quantity: Number(quantity) });
    if (answer.ok) {
      const { because, ...numbers } = answer;
      const why = because === null ? "" : ` ${words({ code: because, details: {} })}`;
      setGranted(`${t("vouchers.granted", { ...numbers, ok: "" })}${why}`);
    }
    return answer;
  };
  return (
    <form
      className="boxed"
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
