/** What was done with payees here, and what the server answered to each; of a conflict both versions. */
import { useTranslation } from "react-i18next";
import type { PayeeOperation } from "../../protocol.ts";
import { useFormats } from "#ui/format.ts";
import { More, usePages } from "../pages.tsx";
import { StateChip } from "../parts.tsx";
import { AddressList } from "./addresses.tsx";
import { usePayeeWords } from "./words.ts";

export function Answers() {
  const { t } = useTranslation();
  const pages = usePages<"payee-operations", PayeeOperation>({
    name: "payee-operations",
    payloadAfter: (row) => ({ before: row?.sequence ?? null }),
    pageOf: ({ operations, more }) => ({ rows: operations, more }),
    keyOf: ({ sequence }) => sequence,
  });
  if (!pages) return <p role="status">{t("common.working")}</p>;
  if (pages.rows.length === 0) return <p role="status">{t("common.nothing")}</p>;
  return (
    <>
      {pages.rows.map((operation) => (
        <One key={operation.sequence} operation={operation} />
      ))}
      <More {...pages} />
    </>
  );
}

function One({ operation }: { readonly operation: PayeeOperation }) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const words = usePayeeWords();
  const { type, programme, identity, atMs, state, reason, wrote } = operation;
  const name = `${identity ?? t("common.none")}, ${programme}`;
  const isInConflict = state === "held" && reason === "changed-meanwhile";
  return (
    <section className="card" aria-label={name}>
      <h2>
        <bdi>{name}</bdi> <StateChip state={state} disputed={false} />
      </h2>
      <p className="soft">
        {t(`payees.type.${type}`)} · {moment(atMs)}
      </p>
      {isInConflict ? (
        <Conflict operation={operation} />
      ) : (
        <>
          {reason !== null && <p>{words.reason(reason)}</p>}
          {wrote?.address && <AddressList addresses={[wrote.address]} />}
        </>
      )}
    </section>
  );
}

function Conflict({ operation: { wrote, now } }: { readonly operation: PayeeOperation }) {
  const { t } = useTranslation();
  const asked = wrote?.active ?? null;
  return (
    <>
      <p className="banner warn">{t("payees.conflict")}</p>
      <div className="cards">
        <section aria-label={t("payees.yours")}>
          <h3>{t("payees.yours")}</h3>
          {asked !== null && <p>{t(asked ? "payees.resume" : "payees.stop")}</p>}
          {wrote?.address && <AddressList addresses={[wrote.address]} />}
        </section>
        <section aria-label={t("payees.theirs")}>
          <h3>{t("payees.theirs")}</h3>
          {now ? <AddressList addresses={now.addresses} /> : <p className="soft">{t("payees.notKnown")}</p>}
        </section>
      </div>
    </>
  );
}
