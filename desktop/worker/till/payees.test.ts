/** Payees as the page asks for them: done once however often it is asked, and nothing of a person readable on the disk. */
import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { payeeIndexOf, sealPayeeRecord } from "#sync/documents/payee-record.ts";
import { openDeskWithAnn, startServer } from "../../../test/support/desk.ts";
import type { TestDesk } from "../../../test/support/desk.ts";
import { keepServedProgrammes } from "../store/served-programmes.ts";

const name = { programme: "relief", identity: "AMINA-1" };
const phone = "+254712345678";
const random = (length: number) => new Uint8Array(randomBytes(length));

/** As the server gives it payees: under a key of the till's own. */
function give({ stores }: TestDesk): void {
  const key = random(32);
  const record = {
    ...name,
    state: "active" as const,
    addresses: [
      { modality: "01" as const, institutionCode: null, address: phone, active: true, preferred: true },
    ],
  };
  stores.payees.keepKey(stores.vault.seal(key));
  keepServedProgrammes(stores.database, [{ programme: name.programme, area: null, areas: ["North"] }]);
  stores.database.exec(
    "insert into shape_heads (name, handle, position, load) values ('beneficiaries', 'h', '0_0', 1)",
  );
  stores.database
    .prepare("insert into beneficiaries (load, payee, payee_index, version, sealed) values (1, 1, ?, 1, ?)")
    .run(payeeIndexOf(key, name.programme, name.identity), sealPayeeRecord(key, record, random));
}

async function deskWithPayees(): Promise<TestDesk> {
  const server = await startServer();
  const desk = await openDeskWithAnn(server);
  await server.close();
  give(desk);
  return desk;
}

const onDisk = ({ stores }: TestDesk) =>
  ["requests", "payee_operations", "operations", "beneficiaries", "payee_key"]
    .flatMap((table) => stores.database.prepare<[], Record<string, unknown>>(`select * from ${table}`).all())
    .flatMap((row) => Object.values(row))
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value)))
    .join("\n");

describe("a look-up", () => {
  test("that is asked again under its id is recorded once, and answered with the same addresses", async () => {
    const desk = await deskWithPayees();
    const { sequence: before } = desk.stores.queue.head();
    const asked = { ...name, reason: "she lost her card", request: randomUUID() };
    const first = await desk.ask("look-up-payee", asked);
    expect(first).toMatchObject({ outcome: "stale", revealed: true, addresses: [{ address: phone }] });
    expect(await desk.ask("look-up-payee", asked)).toEqual(first);
    expect(desk.stores.queue.head().sequence).toBe(before + 1);
  });

  test("without a reason shows no address in full, and neither does the list of what was done", async () => {
    const desk = await deskWithPayees();
    const found = await desk.ask("look-up-payee", { ...name, reason: null });
    const { operations } = await desk.ask("payee-operations", { before: null });
    for (const shown of [found, operations]) expect(JSON.stringify(shown)).not.toContain(phone);
    expect(operations).toMatchObject([{ type: "look-up", identity: name.identity, state: "queued" }]);
  });

  test("tells which programmes can be asked for", async () => {
    const desk = await deskWithPayees();
    expect(await desk.ask("payee-desk", {})).toMatchObject({
      programmes: [{ programme: "relief" }],
      payees: 1,
    });
    expect((await desk.ask("state", {})).payees).toEqual({ held: 0 });
  });
});

describe("a change", () => {
  const change = {
    ...name,
    what: "update" as const,
    modality: "01" as const,
    address: "+254 712 000 009",
    institutionCode: null,
    area: null,
    active: null,
  };

  test("that is asked again under its id is queued once", async () => {
    const desk = await deskWithPayees();
    const asked = { ...change, request: randomUUID() };
    const first = await desk.ask("change-payee", asked);
    expect(await desk.ask("change-payee", asked)).toEqual(first);
    const { operations } = await desk.ask("payee-operations", { before: null });
    expect(operations).toMatchObject([
      { type: "update-beneficiary", wrote: { address: { modality: "01", address: "•••••••••0009" } } },
    ]);
    expect(operations).toHaveLength(1);
  });

  test.each([
    ["a wrong number", { address: "0712" }, "not-a-phone-number"],
    ["a payee that is known already", { what: "register" as const }, "known-here"],
    ["nothing at all", { modality: null, address: null }, "nothing-to-change"],
  ])("of %s is refused on the spot, and nothing is queued", async (_what, more, code) => {
    const desk = await deskWithPayees();
    const { sequence } = desk.stores.queue.head();
    expect(await desk.ask("change-payee", { ...change, ...more })).toMatchObject({ ok: false, code });
    expect(desk.stores.queue.head().sequence).toBe(sequence);
  });
});

test("nothing of a person lies readable on the disk, neither of what was asked nor of what was answered", async () => {
  const desk = await deskWithPayees();
  await desk.ask("look-up-payee", { ...name, reason: "a reason of her own" });
  await desk.ask("change-payee", {
    ...name,
    what: "update",
    modality: "01",
    address: "+254712000009",
    institutionCode: null,
    area: null,
    active: false,
  });
  const disk = onDisk(desk);
  for (const secret of [name.identity, phone, "+254712000009", "a reason of her own"])
    expect(disk).not.toContain(secret);
});

test("a till that was given no payees says so, and has no section for them before it was asked", async () => {
  const desk = await openDeskWithAnn(await startServer());
  expect((await desk.ask("state", {})).payees).toBeNull();
  expect(await desk.ask("look-up-payee", { ...name, reason: null })).toMatchObject({
    outcome: "denied",
    addresses: [],
  });
});
