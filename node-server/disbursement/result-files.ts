/**
 * What became of a batch, as files: CSV for people, pain.002.001.10 (ISO 20022, Customer Payment Status Report) for
 * treasuries. Read in slices, so that a file of any size takes little memory.
 */
import { formatMajor } from "#core/money.ts";
import { toCsv } from "../csv.ts";
import type { BatchDetailRow } from "../ports/batch-detail.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { Store } from "../ports/store.ts";
import type { Addresses } from "../addresses.ts";
import { groupStatus, paymentStatus } from "./status-codes.ts";

export interface ResultDependencies {
  readonly store: Store;
  readonly addresses: Addresses;
}

const sliceSize = 1_000;

async function* rowsOf(store: Store, batch: bigint): AsyncGenerator<readonly BatchDetailRow[]> {
  for (let afterLine = 0; ;) {
    const rows = await store.transaction((tx) =>
      tx.batchDetail.list(batch, {}, { afterLine, limit: sliceSize }),
    );
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    afterLine = last.line;
  }
}

const textEncoder = new TextEncoder();

export async function* resultCsv(
  { store, addresses }: ResultDependencies,
  batch: DisbursementBatch,
): AsyncGenerator<Uint8Array> {
  const head = [
    "requestId",
    "payee",
    "amount",
    "currency",
    "status",
    "reasonCode",
    "reason",
    "transactionId",
    "completedAt",
    "corrections",
  ];
  yield textEncoder.encode(toCsv([head]));
  for await (const rows of rowsOf(store, batch.id)) {
    const cells = rows.map((row) => [
      row.instructionId,
      payeeOf(addresses, row),
      formatMajor({ amountMinor: row.amountMinor, currency: batch.currency }),
      batch.currency,
      paymentStatus(row.state, batch.state),
      row.reasonCode,
      row.reason,
      row.transactionId,
      row.endedAt?.toISOString() ?? null,
      row.corrections.join("; "),
    ]);
    yield textEncoder.encode(toCsv(cells));
  }
}

/** The payee as the sender named it. */
export function payeeOf(addresses: Addresses, { payeeIdentity, address }: BatchDetailRow): string {
  return payeeIdentity ?? (address ? addresses.ofBatches.open(address.sealed) : "");
}

export async function* pain002(
  { store }: ResultDependencies,
  batch: DisbursementBatch,
): AsyncGenerator<Uint8Array> {
  const { totals, now } = await store.transaction(async (tx) => ({
    totals: await tx.disbursements.totals(batch.id),
    now: await tx.now(),
  }));
  const original = batch.externalId ?? batch.batchId.slice(0, 35);
  yield textEncoder.encode(`<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">
<CstmrPmtStsRpt>
<GrpHdr><MsgId>${escaped(batch.batchId.replaceAll("-", ""))}</MsgId><CreDtTm>${now.toISOString()}</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>${escaped(original)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>\
<OrgnlNbOfTxs>${batch.totalCount}</OrgnlNbOfTxs><OrgnlCtrlSum>${sumText(batch)}</OrgnlCtrlSum>\
<GrpSts>${groupStatus(batch.state, totals)}</GrpSts>${reasonXml(null, batch.stateReason)}</OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>${escaped(original)}</OrgnlPmtInfId>
`);
  for await (const rows of rowsOf(store, batch.id))
    yield textEncoder.encode(rows.map((row) => transactionXml(batch, row)).join(""));
  yield textEncoder.encode("</OrgnlPmtInfAndSts>\n</CstmrPmtStsRpt>\n</Document>\n");
}

function transactionXml(batch: DisbursementBatch, row: BatchDetailRow): string {
  const { currency } = batch;
  const amount = formatMajor({ amountMinor: row.amountMinor, currency });
  const status = paymentStatus(row.state, batch.state);
  const accepted = row.endedAt ? `<AccptncDtTm>${row.endedAt.toISOString()}</AccptncDtTm>` : "";
  const reference = row.transactionId ? `<AcctSvcrRef>${escaped(row.transactionId)}</AcctSvcrRef>` : "";
  return `<TxInfAndSts><OrgnlEndToEndId>${escaped(row.instructionId)}</OrgnlEndToEndId><TxSts>${status}</TxSts>\
${reasonXml(row.reasonCode, row.reason)}${accepted}${reference}\
<OrgnlTxRef><Amt><InstdAmt Ccy="${currency}">${amount}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>
`;
}

function reasonXml(code: string | null, reason: string | null): string {
  if (code === null && (reason === null || reason === "")) return "";
  const words = reason ? `<AddtlInf>${escaped(reason.slice(0, 105))}</AddtlInf>` : "";
  return `<StsRsnInf><Rsn><Cd>${escaped(code ?? "NARR")}</Cd></Rsn>${words}</StsRsnInf>`;
}

function sumText({ totalMinor: amountMinor, currency }: DisbursementBatch): string {
  return formatMajor({ amountMinor, currency });
}

/** XML 1.0 has no control characters but tab and line ends. */
function escaped(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "?")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
