/** pain.001.001.09 messages as a treasury writes them. */

export interface Transfer {
  readonly id: string;
  readonly amount: string;
  readonly account: string;
  readonly currency?: string;
  readonly text?: string;
}

export function pain001(
  transfers: readonly Transfer[],
  changes: { readonly [from: string]: string } = {},
): string {
  const sum = transfers.reduce((total, { amount }) => total + Math.round(Number(amount) * 100), 0) / 100;
  const message = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>MSG-1</MsgId>
      <CreDtTm>2026-11-01T08:00:00Z</CreDtTm>
      <NbOfTxs>${transfers.length}</NbOfTxs>
      <CtrlSum>${sum.toFixed(2)}</CtrlSum>
      <InitgPty><Nm>Ministry &amp; Treasury</Nm></InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>PMT-1</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <ReqdExctnDt><Dt>2026-11-02</Dt></ReqdExctnDt>
      <Dbtr><Nm>Treasury</Nm></Dbtr>
      <DbtrAcct><Id><Othr><Id>TSA-1</Id></Othr></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>CBKEKENX</BICFI></FinInstnId></DbtrAgt>
${transfers.map(transferXml).join("\n")}
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
`;
  return Object.entries(changes).reduce((text, [from, to]) => text.replace(from, to), message);
}

function transferXml({ id, amount, account, currency = "USD", text = "grant" }: Transfer): string {
  return `      <CdtTrfTxInf>
        <PmtId><EndToEndId>${id}</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="${currency}">${amount}</InstdAmt></Amt>
        <CdtrAgt><FinInstnId><BICFI>KCBLKENX</BICFI></FinInstnId></CdtrAgt>
        <Cdtr><Nm>Payee</Nm></Cdtr>
        <CdtrAcct><Id><IBAN>${account}</IBAN></Id></CdtrAcct>
        <RmtInf><Ustrd>${text}</Ustrd></RmtInf>
      </CdtTrfTxInf>`;
}
