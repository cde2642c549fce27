import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "#core/json.ts";
import { pain001 } from "../../../test/support/pain001.ts";
import type { Transfer } from "../../../test/support/pain001.ts";
import { itemsOfCsv } from "./csv-items.ts";
import { itemsOfJson } from "./json-items.ts";
import { itemsOfPain001 } from "./pain001-items.ts";
import { FileMistakes } from "./raw-item.ts";
import type { Mistake } from "./raw-item.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function* pieces(text: string) {
  yield text;
}

async function mistakesOf(work: () => unknown): Promise<readonly Mistake[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FileMistakes) return error.mistakes;
    throw error;
  }
  return [];
}

describe("CSV", () => {
  const heading = "id,request_id,payment_mode,payee_identifier_type,payee_identifier,amount,currency,note\n";

  test("columns are found by name in PHEE's spelling and in the call's own, in any order", async () => {
    const [phee] = await itemsOfCsv(pieces(`${heading}0,r-1,gsma,msisdn,+254700123456,10.50,USD,"a, b"\n`));
    const [own] = await itemsOfCsv(
      pieces(
        "currency;amount;payeeIdentifier;payeeIdentifierType;requestId;descriptionText\nUSD;10.50;+254700123456;msisdn;r-1;a, b\n",
      ),
    );
    expect(phee).toMatchObject({
      line: 2,
      requestId: "r-1",
      payee: [{ key: "msisdn", value: "+254700123456" }],
      amount: "10.50",
      description: "a, b",
    });
    expect(own).toMatchObject({ requestId: "r-1", payee: phee?.payee, description: "a, b" });
  });

  test("every row of another width, and every column that is missing, is named with its line", async () => {
    const wide = `${heading}0,r-1,gsma,msisdn,+254700123456,10,USD,x,y\n1,r-2\n`;
    expect((await mistakesOf(() => itemsOfCsv(pieces(wide)))).map(({ line }) => line)).toEqual([2, 3]);
    const missing = await mistakesOf(() => itemsOfCsv(pieces("request_id,amount\nr-1,2\n")));
    expect(missing.map(({ field }) => field)).toEqual(["payeeidentifiertype", "payeeidentifier", "currency"]);
    expect(await mistakesOf(() => itemsOfCsv(pieces(`${heading}0,"r-1\n`)))).toMatchObject([{ line: 2 }]);
  });
});

describe("JSON", () => {
  test("amounts keep their text, and what is of another kind is named with its number", async () => {
    const [item] = itemsOfJson(
      parseJson('[{"requestId":"r","creditParty":[{"key":"msisdn","value":"1"}],"amount":0.10}]'),
    );
    expect(item).toMatchObject({ line: 1, amount: "0.10", payee: [{ key: "msisdn", value: "1" }] });
    const wrong = () => itemsOfJson([{ requestId: {} }, 7, { creditParty: [{ key: 1, value: "x" }] }]);
    expect(await mistakesOf(wrong)).toMatchObject([
      { line: 1, field: "requestId" },
      { line: 2 },
      { line: 3, field: "creditParty" },
    ]);
    expect(await mistakesOf(() => itemsOfJson({}))).toHaveLength(1);
  });
});

describe("pain.001", () => {
  const transfers: readonly Transfer[] = [
    { id: "E2E-1", amount: "10.50", account: "GB33BUKB20201555555555" },
    { id: "E2E-2", amount: "20", account: "DE89370400440532013000", text: "a &amp; b" },
  ];

  test("a message of the standard's structure gives its payments, their lines and its date", () => {
    const read = itemsOfPain001(bytes(pain001(transfers)));
    expect(read).toMatchObject({ messageId: "MSG-1", executeAt: new Date("2026-11-02T00:00:00Z") });
    expect(read.items).toMatchObject([
      {
        line: 18,
        requestId: "E2E-1",
        payee: [
          { key: "iban", value: "GB33BUKB20201555555555" },
          { key: "bankingInstitutionCode", value: "KCBLKENX" },
        ],
        payer: [{ key: "account", value: "TSA-1" }],
        amount: "10.50",
        currency: "USD",
      },
      { line: 26, requestId: "E2E-2", description: "a & b" },
    ]);
  });

  test.each<[string, { readonly [from: string]: string }, string]>([
    ["an element that is missing", { "<PmtMtd>TRF</PmtMtd>": "" }, "PmtMtd"],
    [
      "an element in the wrong place",
      { "<MsgId>MSG-1</MsgId>": "<NbOfTxs>2</NbOfTxs><MsgId>M</MsgId>" },
      "MsgId",
    ],
    ["an element that the standard does not have", { "<PmtMtd>": "<Bonus>1</Bonus><PmtMtd>" }, "Bonus"],
    ["an amount without a currency", { '<InstdAmt Ccy="USD">': "<InstdAmt>" }, "InstdAmt"],
    ["an amount that is none", { "10.50": "ten" }, "InstdAmt"],
    ["a message id that is too long", { "MSG-1": "M".repeat(36) }, "MsgId"],
    ["a number of payments that is not theirs", { "<NbOfTxs>2": "<NbOfTxs>3" }, "NbOfTxs"],
    ["a control sum that is not theirs", { "<CtrlSum>30.50": "<CtrlSum>30.51" }, "CtrlSum"],
    ["cheques", { "<PmtMtd>TRF": "<PmtMtd>CHK" }, "PmtMtd"],
    ["text between elements", { "<PmtInf>": "<PmtInf>hello" }, "PmtInf"],
    ["another version of the message", { "pain.001.001.09": "pain.001.001.02" }, "Document"],
  ])("%s is named with its line", async (_what, changes, field) => {
    const mistakes = await mistakesOf(() => itemsOfPain001(bytes(pain001(transfers, changes))));
    expect(mistakes.map((mistake) => mistake.field)).toContain(field);
    expect(mistakes.every(({ line }) => line > 0)).toBe(true);
  });

  const bomb = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "${"x".repeat(100)}">${Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY b${n} "${`&${n === 0 ? "a" : `b${n - 1}`};`.repeat(10)}">`,
  ).join("")}]><a>&b8;</a>`;

  test.each<[string, Uint8Array, RegExp]>([
    ["entities that multiply", bytes(bomb), /document type/],
    [
      "an entity that names a file",
      bytes('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>'),
      /document type/,
    ],
    ["an entity that nobody defined", bytes(pain001(transfers, { Treasury: "&whoami;" })), /well-formed/],
    ["elements without end", bytes("<a>".repeat(100_000)), /nested|well-formed|must be of/],
    ["UTF-16", new Uint8Array([0xff, 0xfe, ...Buffer.from(pain001(transfers), "utf16le")]), /UTF-8/],
    ["Latin-1 that says so", bytes(pain001(transfers, { "UTF-8": "ISO-8859-1" })), /UTF-8/],
    ["bytes that are no UTF-8", Buffer.from(pain001(transfers, { Treasury: "\u00ff" }), "latin1"), /UTF-8/],
    ["a file that is cut off", bytes(pain001(transfers).slice(0, 700)), /well-formed/],
    ["an attribute twice", bytes(pain001(transfers, { 'Ccy="USD"': 'Ccy="USD" Ccy="EUR"' })), /well-formed/],
    ["text without end", bytes(pain001(transfers, { "MSG-1": "M".repeat(100_000) })), /too much text/],
    [
      "a processing instruction",
      bytes(pain001(transfers, { "<Document": "<?php x?><Document" })),
      /processing/,
    ],
    [
      "an element of another namespace",
      bytes(pain001(transfers, { "<PmtMtd>": '<x:y xmlns:x="urn:x"/><PmtMtd>' })),
      /namespace/,
    ],
    ["nothing", new Uint8Array(), /well-formed|not/],
  ])("%s: refused without harm", async (_what, file, reason) => {
    const mistakes = await mistakesOf(() => itemsOfPain001(file));
    expect(mistakes.map((mistake) => `${mistake.field} ${mistake.reason}`).join()).toMatch(reason);
  });

  test("depth is bounded", async () => {
    const deep = pain001(transfers, { "<Nm>Payee</Nm>": `<Nm>${"<a>".repeat(40)}${"</a>".repeat(40)}</Nm>` });
    const [mistake] = await mistakesOf(() => itemsOfPain001(bytes(deep)));
    expect(mistake?.reason).toMatch(/deep/);
  });

  test("whatever the bytes, it ends in payments or in mistakes with their lines", async () => {
    const base = pain001(transfers);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(base.length),
        fc.nat(40),
        fc.string({ unit: "binary", maxLength: 20 }),
        async (at, cut, text) => {
          const mutated = base.slice(0, at) + text + base.slice(at + cut);
          const mistakes = await mistakesOf(() => itemsOfPain001(bytes(mutated)));
          for (const { line } of mistakes) expect(line).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
