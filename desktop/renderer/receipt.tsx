/** The receipt of one operation: on the screen, on the paper of the shop's printer, and as a signed file. */
import QRCode from "qrcode";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { OperationDetail } from "../protocol.ts";
import { saveBase64 } from "./files.ts";
import { useFormats } from "./format.ts";
import { Facts, useAction, Wrong } from "./parts.tsx";
import { ask, useAnswer, useTill } from "./till.ts";

export function Receipt({ sequence }: { readonly sequence: number }) {
  const { result } = useAnswer("operation", { sequence });
  return result?.ok ? <Paper operation={result} /> : null;
}

function Paper({ operation }: { readonly operation: OperationDetail }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const { till, settings } = useTill();
  const { isBusy, wrong, run } = useAction();
  const { sequence, serial, actor, createdMs, state, transactionId, decidedMs, hash, mode } = operation;
  const save = async () => {
    const receipt = await ask("receipt", { sequence });
    if (receipt.ok) saveBase64(receipt.name, receipt.file);
    return receipt;
  };
  const stateText = operation.disputed ? t("state.disputed") : t(`state.${state}`);
  return (
    <>
      <article className={`receipt paper-${settings.paper}`} aria-label={t("receipt.title")}>
        <h2>{till?.merchantName}</h2>
        <p className="amount">{money(operation)}</p>
        {mode === "at-risk" && state === "queued" && <p>{t("redeem.provisional")}</p>}
        <Facts
          rows={[
            [t("redeem.serial"), <bdi key="serial">{serial}</bdi>],
            [t("receipt.time"), moment(createdMs)],
            [t("people.cashier"), actor],
            [t("receipt.operation"), `${till?.nodeId.slice(-6)} / ${sequence}`],
            [t("receipt.state"), stateText],
            ...(transactionId === null ? [] : [[t("receipt.reference"), transactionId] as const]),
            ...(decidedMs === null ? [] : [[t("receipt.decided"), moment(decidedMs)] as const]),
          ]}
        />
        <Code text={`paypost:${till?.nodeId}/${sequence}/${hash}`} label={t("receipt.code")} />
      </article>
      <div className="row">
        <button type="button" onClick={() => window.print()}>
          {t("common.print")}
        </button>
        {operation.hasReceipt && (
          <button type="button" disabled={isBusy} onClick={() => void run(save)}>
            {t("receipt.evidence")}
          </button>
        )}
      </div>
      {operation.hasReceipt && <p className="hint">{t("receipt.evidenceHint")}</p>}
      <Wrong text={wrong} />
    </>
  );
}

/** Names the signed operation by its hash, so that paper and evidence can be put side by side. */
function Code({ text, label }: { readonly text: string; readonly label: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    let isWanted = true;
    void QRCode.toDataURL(text, { margin: 2, width: 160 }).then((made) => isWanted && setUrl(made));
    return () => {
      isWanted = false;
    };
  }, [text]);
  return url === undefined ? null : <img src={url} alt={label} width={160} height={160} />;
}
