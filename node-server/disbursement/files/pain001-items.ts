/** Items out of a pain.001.001.09 message (ISO 20022). All its payments are one batch: of one execution date. */
import { pain001Namespace, pain001Structure } from "./pain001-structure.ts";
import { FileMistakes, mostItems } from "./raw-item.ts";
import type { Party, RawItem } from "./raw-item.ts";
import { readXml } from "./xml.ts";
import { StructureCheck } from "./xml-structure.ts";

export interface Pain001 {
  readonly messageId: string;
  /** A day is its first instant in UTC. */
  readonly executeAt: Date;
  readonly items: readonly RawItem[];
}

/** Throws FileMistakes. */
export function itemsOfPain001(bytes: Uint8Array): Pain001 {
  const check = new StructureCheck(pain001Structure);
  const reader = new Pain001Reader(check);
  readXml(bytes, {
    namespace(uri, line) {
      if (uri === pain001Namespace) return;
      throw new FileMistakes([{ line, field: "Document", reason: `must be of ${pain001Namespace}` }]);
    },
    open(element) {
      check.open(element);
      reader.open(element.name, element.line, element.attributes.get("Ccy"));
    },
    close(element, text) {
      check.close(element, text);
      reader.close(element.line, text.trim());
    },
  });
  if (check.mistakes.length > 0) throw new FileMistakes(check.mistakes);
  return reader.result();
}

const transactionPath = "Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf";

class Pain001Reader {
  readonly #check: StructureCheck;
  readonly #path: string[] = [];
  readonly #items: RawItem[] = [];
  readonly #header = new Map<string, { readonly text: string; readonly line: number }>();
  /** Of the payment information and of the transaction that are open, by path. */
  #information = new Map<string, string>();
  #transaction = new Map<string, string>();
  #transactionLine = 0;
  #inInformation = 0;
  #executeAt: string | undefined;

  constructor(check: StructureCheck) {
    this.#check = check;
  }

  open(name: string, line: number, currency: string | undefined): void {
    this.#path.push(name);
    const path = this.#path.join("/");
    if (name === "PmtInf" && this.#path.length === 3) {
      this.#information = new Map();
      this.#inInformation = 0;
    }
    if (path === transactionPath) {
      this.#transaction = new Map();
      this.#transactionLine = line;
    }
    if (currency !== undefined && path === `${transactionPath}/Amt/InstdAmt`)
      this.#transaction.set("Amt/InstdAmt@Ccy", currency);
  }

  close(line: number, text: string): void {
    const path = this.#path.join("/");
    this.#path.pop();
    if (path === transactionPath) return this.#endTransaction();
    if (path.startsWith(`${transactionPath}/`)) {
      const key = path.slice(transactionPath.length + 1);
      if (!this.#transaction.has(key)) this.#transaction.set(key, text);
      return;
    }
    const information = "Document/CstmrCdtTrfInitn/PmtInf";
    if (path === information) return this.#endInformation(line);
    if (path.startsWith(`${information}/`)) this.#information.set(path.slice(information.length + 1), text);
    else if (path.startsWith("Document/CstmrCdtTrfInitn/GrpHdr/"))
      this.#header.set(path.slice("Document/CstmrCdtTrfInitn/GrpHdr/".length), { text, line });
  }

  result(): Pain001 {
    if (this.#check.mistakes.length > 0) throw new FileMistakes(this.#check.mistakes);
    const total = this.#header.get("NbOfTxs");
    if (total && BigInt(total.text) !== BigInt(this.#items.length))
      this.#check.note(total.line, "NbOfTxs", `says ${total.text}; there are ${this.#items.length}`);
    const sum = this.#header.get("CtrlSum");
    const added = sumOf(this.#items);
    if (sum && scaled(sum.text) !== added)
      this.#check.note(sum.line, "CtrlSum", `says ${sum.text}, which is not the sum of the amounts`);
    if (this.#check.mistakes.length > 0) throw new FileMistakes(this.#check.mistakes);
    return {
      messageId: this.#header.get("MsgId")?.text ?? "",
      executeAt: new Date(this.#executeAt ?? 0),
      items: this.#items,
    };
  }

  #endInformation(line: number): void {
    const get = (key: string) => this.#information.get(key);
    if (get("PmtMtd") !== "TRF") this.#check.note(line, "PmtMtd", "must be TRF: only transfers are made");
    const count = get("NbOfTxs");
    if (count !== undefined && Number(count) !== this.#inInformation)
      this.#check.note(line, "NbOfTxs", `says ${count}; there are ${this.#inInformation} in this PmtInf`);
    const executeAt = get("ReqdExctnDt/DtTm") ?? get("ReqdExctnDt/Dt")?.slice(0, 10);
    this.#executeAt ??= executeAt;
    if (executeAt === undefined || Number.isNaN(new Date(executeAt).getTime()))
      this.#check.note(line, "ReqdExctnDt", "is no date of the calendar");
    else if (executeAt !== this.#executeAt)
      this.#check.note(line, "ReqdExctnDt", "is not the same in every PmtInf: a batch is executed at once");
    const payer = get("DbtrAcct/Id/IBAN") ?? get("DbtrAcct/Id/Othr/Id");
    if (payer === undefined) return;
    const first = this.#items.length - this.#inInformation;
    for (let index = first; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item) this.#items[index] = { ...item, payer: [{ key: "account", value: payer }] };
    }
  }

  #endTransaction(): void {
    const get = (key: string) => this.#transaction.get(key);
    const line = this.#transactionLine;
    if (this.#items.length === mostItems)
      throw new FileMistakes([{ line, field: "", reason: `a batch has at most ${mostItems} payments` }]);
    if (get("Amt/EqvtAmt") !== undefined)
      this.#check.note(line, "EqvtAmt", "asks for a conversion; amounts are paid in their own currency");
    this.#inInformation += 1;
    this.#items.push({
      line,
      requestId: get("PmtId/EndToEndId"),
      payee: payeeOf(get),
      payer: [],
      paymentMode: undefined,
      amount: get("Amt/InstdAmt"),
      currency: get("Amt/InstdAmt@Ccy"),
      description: get("RmtInf/Ustrd"),
    });
  }
}

/** An account, else a proxy such as a phone number, else the payee's own identity. */
function payeeOf(get: (key: string) => string | undefined): Party[] {
  const parties: Party[] = [];
  const add = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== "") parties.push({ key, value });
  };
  const scheme = get("CdtrAcct/Id/Othr/SchmeNm/Prtry") ?? get("CdtrAcct/Id/Othr/SchmeNm/Cd");
  add("iban", get("CdtrAcct/Id/IBAN"));
  add(schemes.get(scheme?.toUpperCase() ?? "") ?? "account", get("CdtrAcct/Id/Othr/Id"));
  if (parties.length === 0) add("payeeIdentity", get("Cdtr/Id/PrvtId/Othr/Id"));
  add(
    "bankingInstitutionCode",
    get("CdtrAgt/FinInstnId/BICFI") ?? get("CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"),
  );
  return parties;
}

const schemes: ReadonlyMap<string, string> = new Map([
  ["MSISDN", "msisdn"],
  ["TELE", "msisdn"],
  ["WALLET", "wallet"],
  ["PAYEE", "payeeIdentity"],
]);

/** Amounts with up to 17 decimals, as integers of that scale. */
function scaled(text: string): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(17, "0"));
}

function sumOf(items: readonly RawItem[]): bigint {
  return items.reduce((sum, { amount }) => sum + scaled(amount ?? "0"), 0n);
}
