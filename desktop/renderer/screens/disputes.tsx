/** Redemptions that the server rejected after the goods were given: what becomes of them, the evidence, and the appeal. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dispute } from "../../protocol.ts";
import { useAction, useReasonWords, Wrong } from "../action.tsx";
import { saveBase64 } from "../files.ts";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import { Dialog, Facts } from "#ui/parts.tsx";
import { ask, useAnswer } from "../till.ts";

const looks = {
  open: "pending",
  appealed: "pending",
  refused: "disputed",
  refusedFinally: "disputed",
  paid: "settled",
  writtenOff: "writtenOff",
} as const;

export function Disputes() {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { result } = useAnswer("disputes", {});
  if (!result) return <p role="status">{t("common.working")}</p>;
  return (
    <>
      <h1>{t("disputes.title")}</h1>
      <p>{t("disputes.intro")}</p>
      <p className="soft">
        {result.asOfMs === null ? t("common.neverTold") : t("common.asOf", { when: moment(result.asOfMs) })}
      </p>
      {result.disputes.length === 0 && <p role="status">{t("disputes.none")}</p>}
      {result.disputes.map((dispute) => (
        <DisputeCard key={dispute.sequence} dispute={dispute} />
      ))}
    </>
  );
}

function DisputeCard({ dispute }: { readonly dispute: Dispute }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const reasons = useReasonWords();
  const [isAppealing, setAppealing] = useState(false);
  const { isBusy, wrong, run } = useAction();
  const { sequence, serial, currency, state, because, decidedMs, appeal } = dispute;
  const save = async () => {
    const evidence = await ask("evidence", { sequence });
    if (evidence.ok) saveBase64(evidence.name, evidence.file);
    return evidence;
  };
  return (
    <section className={`card standing look-${looks[state]}`} aria-label={serial}>
      <h2>
        <bdi className="code">{serial}</bdi>
        <span className={`chip look-${looks[state]}`}>{t(`disputes.${state}`)}</span>
      </h2>
      <p className="amount">
        <bdi>{money(dispute)}</bdi>
      </p>
      <Facts
        rows={[
          [t("disputes.reason"), reasons.sentence(dispute.reason)],
          [t("disputes.opened"), moment(dispute.openedMs)],
          [t("disputes.guaranteed"), <bdi key="most">{money({ amount: dispute.guaranteed, currency })}</bdi>],
          ...(because === null ? [] : [[t("disputes.because"), because] as const]),
          ...(decidedMs === null ? [] : [[t("receipt.decided"), moment(decidedMs)] as const]),
          ...(appeal === null ? [] : [[t("disputes.appealText"), appeal] as const]),
        ]}
      />
      <div className="row">
        <button type="button" disabled={isBusy} onClick={() => void run(save)}>
          <Icon name="save" />
          {isBusy ? t("common.working") : t("disputes.evidence")}
        </button>
        {dispute.mayAppeal && (
          <button type="button" onClick={() => setAppealing(true)}>
            {t("disputes.appeal")}
          </button>
        )}
      </div>
      <Wrong text={wrong} />
      {isAppealing && <Appeal sequence={sequence} onClose={() => setAppealing(false)} />}
    </section>
  );
}

function Appeal({ sequence, onClose }: { readonly sequence: number; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [because, setBecause] = useState("");
  const { isBusy, wrong, run } = useAction();
  const send = async () => {
    const sent = await ask("appeal", { sequence, because: because.trim() });
    if (sent.ok) onClose();
    return sent;
  };
  return (
    <Dialog title={t("disputes.appeal")} onClose={onClose}>
      <p>{t("disputes.appealHint")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(send);
        }}
      >
        <div className="field">
          <label htmlFor="because">{t("disputes.appealBecause")}</label>
          <textarea
            id="because"
            required
            maxLength={500}
            value={because}
            onChange={({ target }) => setBecause(target.value)}
          />
        </div>
        <div className="row">
          <button className="primary" disabled={isBusy}>
            {isBusy ? t("common.working") : t("disputes.appealSend")}
          </button>
          <button type="button" onClick={onClose}>
            {t("common.cancel")}
          </button>
        </div>
        <Wrong text={wrong} />
      </form>
    </Dialog>
  );
}
