/**
 * The structure of pain.001.001.09, Customer Credit Transfer Initiation (ISO 20022). Every element of the message is named
 * in its place; of those that say nothing about who is paid what, the inside is not looked into.
 */
import type { Child, Rule } from "./xml-structure.ts";

export const pain001Namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

const text = (most: number): Rule => ({
  text: new RegExp(`^[\\s\\S]{1,${most}}$`),
  what: `1 to ${most} characters`,
});
const date: Rule = { text: /^[0-9]{4}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?$/, what: "a date" };
const dateTime: Rule = {
  text: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?$/,
  what: "a date and time",
};
const count: Rule = { text: /^[0-9]{1,15}$/, what: "a number of at most 15 digits" };
const decimal: Rule = { text: /^[0-9]{1,18}(\.[0-9]{1,17})?$/, what: "a decimal number" };
const amount: Rule = {
  text: /^[0-9]{1,18}(\.[0-9]{1,5})?$/,
  what: "an amount with at most 5 decimals",
  attribute: "Ccy",
};
const one = (name: string, rule: Rule): Child => [name, 1, 1, rule];
const maybe = (name: string, rule: Rule = "any"): Child => [name, 0, 1, rule];
const many = (name: string, most = Number.MAX_SAFE_INTEGER): Child => [name, 0, most, "any"];

const codeOrOwn: Rule = { choice: [one("Cd", text(35)), one("Prtry", text(35))] };

const account: Rule = {
  sequence: [
    one("Id", {
      choice: [
        one("IBAN", {
          text: /^[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}$/,
          what: "an IBAN",
        }),
        one("Othr", {
          sequence: [one("Id", text(34)), maybe("SchmeNm", codeOrOwn), maybe("Issr")],
        }),
      ],
    }),
    maybe("Tp"),
    maybe("Ccy"),
    maybe("Nm"),
    maybe("Prxy", { sequence: [maybe("Tp", codeOrOwn), one("Id", text(2048))] }),
  ],
};

const agent: Rule = {
  sequence: [
    one("FinInstnId", {
      sequence: [
        maybe("BICFI", {
          text: /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/,
          what: "a BIC",
        }),
        maybe("ClrSysMmbId", { sequence: [maybe("ClrSysId"), one("MmbId", text(35))] }),
        maybe("LEI"),
        maybe("Nm"),
        maybe("PstlAdr"),
        maybe("Othr"),
      ],
    }),
    maybe("BrnchId"),
  ],
};

const party: Rule = {
  sequence: [
    maybe("Nm", text(140)),
    maybe("PstlAdr"),
    maybe("Id", {
      choice: [
        one("OrgId", "any"),
        one("PrvtId", {
          sequence: [
            maybe("DtAndPlcOfBirth"),
            [
              "Othr",
              0,
              Number.MAX_SAFE_INTEGER,
              { sequence: [one("Id", text(35)), maybe("SchmeNm", codeOrOwn), maybe("Issr")] },
            ],
          ],
        }),
      ],
    }),
    maybe("CtryOfRes"),
    maybe("CtctDtls"),
  ],
};

const creditTransfer: Rule = {
  sequence: [
    one("PmtId", { sequence: [maybe("InstrId", text(35)), one("EndToEndId", text(35)), maybe("UETR")] }),
    maybe("PmtTpInf"),
    one("Amt", { choice: [one("InstdAmt", amount), one("EqvtAmt", "any")] }),
    ...["XchgRateInf", "ChrgBr", "MndtRltdInf", "ChqInstr", "UltmtDbtr"].map((name) => maybe(name)),
    ...["IntrmyAgt1", "IntrmyAgt1Acct", "IntrmyAgt2", "IntrmyAgt2Acct", "IntrmyAgt3", "IntrmyAgt3Acct"].map(
      (name) => maybe(name),
    ),
    maybe("CdtrAgt", agent),
    maybe("CdtrAgtAcct"),
    maybe("Cdtr", party),
    maybe("CdtrAcct", account),
    maybe("UltmtCdtr"),
    many("InstrForCdtrAgt"),
    maybe("InstrForDbtrAgt"),
    maybe("Purp"),
    many("RgltryRptg", 10),
    maybe("Tax"),
    many("RltdRmtInf", 10),
    maybe("RmtInf", {
      sequence: [["Ustrd", 0, Number.MAX_SAFE_INTEGER, text(140)], many("Strd")],
    }),
    many("SplmtryData"),
  ],
};

const paymentInformation: Rule = {
  sequence: [
    one("PmtInfId", text(35)),
    one("PmtMtd", { text: /^(CHK|TRF|TRA)$/, what: "CHK, TRF or TRA" }),
    maybe("BtchBookg"),
    maybe("NbOfTxs", count),
    maybe("CtrlSum", decimal),
    maybe("PmtTpInf"),
    one("ReqdExctnDt", { choice: [one("Dt", date), one("DtTm", dateTime)] }),
    maybe("PoolgAdjstmntDt"),
    one("Dbtr", party),
    one("DbtrAcct", account),
    one("DbtrAgt", agent),
    ...["DbtrAgtAcct", "InstrForDbtrAgt", "UltmtDbtr", "ChrgBr", "ChrgsAcct", "ChrgsAcctAgt"].map((name) =>
      maybe(name),
    ),
    ["CdtTrfTxInf", 1, Number.MAX_SAFE_INTEGER, creditTransfer],
  ],
};

export const pain001Structure: Child = one("Document", {
  sequence: [
    one("CstmrCdtTrfInitn", {
      sequence: [
        one("GrpHdr", {
          sequence: [
            one("MsgId", text(35)),
            one("CreDtTm", dateTime),
            many("Authstn", 2),
            one("NbOfTxs", count),
            maybe("CtrlSum", decimal),
            one("InitgPty", party),
            maybe("FwdgAgt"),
            maybe("InitnSrc"),
          ],
        }),
        ["PmtInf", 1, Number.MAX_SAFE_INTEGER, paymentInformation],
        many("SplmtryData"),
      ],
    }),
  ],
});
