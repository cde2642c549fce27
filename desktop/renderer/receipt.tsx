/** The receipt of one operation: on the screen, on the shop's paper, and as a signed file that anyone can check. */
import { useEffect, useState } from "react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import type { OperationDetail, Settings, TillState } from "../protocol.ts";
import { useAction, useReasonWords, Wrong } from "./action.tsx";
import { saveBase64 } from "./files.ts";
import { useFormats } from "#ui/format.ts";
import { Icon } from "#ui/icons.tsx";
import { Facts } from "#ui/parts.tsx";
import { usePrint } from "./print.tsx";
import { drawReceiptCode } from "./receipt-code.ts";
import { ask, useAnswer, useTill } from "./till.ts";

export function Receipt({ sequence }: { readonly sequence: number }) {
  const { t } = useTranslation();
  const state = useTill();
  const { result } = useAnswer("operation", { sequence });
  const operation = result?.ok ? result : undefined;
  const code = useReceiptCode(operation, state.till?.nodeId ?? "", state.settings.paper);
  if (!operation) return null;
  return (
    <ReceiptSheet
      {...operation}
      hint={t("receipt.evidenceHint")}
      paper={<ReceiptPaper operation={operation} state={state} code={code} />}
    />
  );
}

interface ReceiptSheetProps {
  readonly sequence: number;
  /** There is a signed file of it. */
  readonly hasReceipt: boolean;
  /** About that file. */
  readonly hint?: string;
  readonly paper: ReactElement;
}

/** What a receipt shows, to be printed, and to be saved as a signed file. */
export function ReceiptSheet({ sequence, hasReceipt, hint, paper }: ReceiptSheetProps) {
  const { t } = useTranslation();
  const { settings } = useTill();
  const { isBusy, wrong, run } = useAction();
  const { print, sheet } = usePrint(settings.paper);
  const save = async () => {
    const receipt = await ask("receipt", { sequence });
    if (receipt.ok) saveBase64(receipt.name, receipt.file);
    return receipt;
  };
  return (
    <div>
      {paper}
      <div className="row after">
        <button type="button" onClick={() => print(paper)}>
          <Icon name="print" />
          {t("common.print")}
        </button>
        {hasReceipt && (
          <button type="button" disabled={isBusy} onClick={() => void run(save)}>
            <Icon name="save" />
            {t("receipt.evidence")}
          </button>
        )}
      </div>
      {hasReceipt && hint !== undefined && <p className="hint">{hint}</p>}
      <Wrong text={wrong} />
      {sheet}
    </div>
  );
}

export interface Code {
  readonly url: string;
  readonly isSigned: boolean;
}

/** The signed receipt itself where it is here and fits; else the name of the signed operation. */
export function useReceiptCode(
  operation: Pick<OperationDetail, "sequence" | "hash" | "hasReceipt"> | undefined,
  nodeId: string,
  paper: Settings["paper"],
): Code | undefined {
  const [code, setCode] = useState<Code>();
  const { sequence, hash, hasReceipt } = operation ?? {};
  useEffect(() => {
    if (sequence === undefined || hash === undefined) return;
    let isWanted = true;
    const signed = hasReceipt === true ? ask("receipt", { sequence }) : undefined;
    void Promise.resolve(signed)
      .catch(() => undefined)
      .then((receipt) =>
        drawReceiptCode(
          receipt?.ok ? receipt.file : undefined,
          `paypost:${nodeId}/${sequence}/${hash}`,
          paper,
        ),
      )
      .then((drawn) => isWanted && setCode(drawn));
    return () => {
      isWanted = false;
    };
  }, [sequence, hash, hasReceipt, nodeId, paper]);
  return code;
}

export function SquareCode({ code }: { readonly code: Code | undefined }) {
  const { t } = useTranslation();
  if (!code) return null;
  return (
    <>
      <img className="square-code" src={code.url} alt={t("receipt.code")} />
      <p className="hint">{t(code.isSigned ? "receipt.codeSigned" : "receipt.codeName")}</p>
    </>
  );
}

interface ReceiptPaperProps {
  readonly operation: OperationDetail;
  readonly state: TillState;
  readonly code: Code | undefined;
}

function ReceiptPaper({ operation, state: { till, practice }, code }: ReceiptPaperProps) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const reasons = useReasonWords();
  const { sequence, serial, actor, createdMs, state, transactionId, decidedMs, mode, cash, currency } =
    operation;
  const { authentication } = operation;
  const isProvisional = mode === "at-risk" && (state === "queued" || state === "held");
  const stateText = operation.disputed ? t("state.disputed") : t(`state.${state}`);
  const rows = [
    [t("redeem.serial"), <bdi key="serial">{serial}</bdi>],
    ...(cash
      ? [
          [t("cash.paid"), money({ amount: cash.paid, currency })] as const,
          [t("cash.fee"), money({ amount: cash.fee, currency })] as const,
        ]
      : []),
    [t("receipt.time"), moment(createdMs)],
    [t("people.cashier"), <bdi key="actor">{actor}</bdi>],
    [t("receipt.operation"), <bdi key="operation">{`${till?.nodeId.slice(-6)} / ${sequence}`}</bdi>],
    ...(authentication
      ? [
          [
            t("recognise.title"),
            `${t(`recognise.${authentication.method}`)}: ${t(`recognise.${authentication.result}`)}`,
          ] as const,
        ]
      : []),
    [t("receipt.state"), stateText],
    ...(operation.reason === null
      ? []
      : [[t("receipt.reason"), reasons.sentence(operation.reason)] as const]),
    ...(transactionId === null
      ? []
      : [[t("receipt.reference"), <bdi key="reference">{transactionId}</bdi>] as const]),
    ...(decidedMs === null ? [] : [[t("receipt.decided"), moment(decidedMs)] as const]),
  ] as const;
  return (
    <article className="receipt paper" aria-label={t("receipt.title")}>
      {practice && <p className="standing-line">{t("practice.banner")}</p>}
      <h2>{till?.merchantName}</h2>
      <p>{cash ? t("cash.receiptTitle") : t("receipt.title")}</p>
      <p className="amount">
        <bdi>{money(operation)}</bdi>
      </p>
      {isProvisional && <p className="standing-line">{t("receipt.provisional")}</p>}
      <Facts rows={rows} />
      <SquareCode code={code} />
    </article>
  );
}
