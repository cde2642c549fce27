/** G2P Connect over HTTP, against the running server: every call, both ways, signed and not. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyMessage, createMessageSigner } from "../g2p-connect/signature.ts";
import { createCallbackKey } from "../callbacks/signature.ts";
import type { CallbackKey } from "../callbacks/signature.ts";
import { putSigningKey } from "../postgres/registry-admin.ts";
import { Institution } from "../../test/support/institution.ts";
import type { Answer } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let serverKey: Uint8Array;
let ids = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { keys } = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as {
    keys: { x: string }[];
  };
  serverKey = new Uint8Array(Buffer.from(keys[0]?.x ?? "", "base64url"));
});
afterAll(() => server.close());

type Action = "link" | "update" | "unlink" | "resolve";
type Item = Readonly<Record<string, unknown>>;

function newId(): string {
  ids += 1;
  return `vid:${ids}@national-id`;
}

const fa = "account:NL87ABNA4193835510@ABNANL2A";
const mobile = "mobile:254700000001@mpesa";

const item = (id: string, more: Item = {}): Item => ({
  reference_id: `ref-${(ids += 1)}`,
  timestamp: "2026-11-28T12:00:00+03:00",
  id,
  ...more,
});

const headerOf = (action: string, count: number, more: Item = {}) => ({
  version: "1.0.0",
  message_id: randomUUID(),
  message_ts: new Date().toISOString(),
  action,
  sender_id: "welfare",
  sender_uri: server.receiver.url,
  receiver_id: "paypost",
  total_count: count,
  ...more,
});

function messageOf(action: Action, items: readonly Item[], more: Item = {}) {
  const header = headerOf(action, items.length, more);
  return { header, message: { transaction_id: randomUUID(), [`${action}_request`]: items } };
}

const post = (path: string, body: unknown, caller = server.institution) => caller.call("POST", path, body);

async function sync(action: Action, items: readonly Item[]): Promise<Item[]> {
  const { status, body } = await post(`/mapper/sync/${action}`, messageOf(action, items));
  expect(status).toBe(200);
  return (body["message"] as Item)[`${action}_response`] as Item[];
}

const outcome = ({ status, status_reason_code: code }: Item) => [status, code];

function errorOf({ status, body }: Answer): unknown[] {
  const message = body["message"] as { ack_status: string; error: { code: string } };
  return [status, message.ack_status, message.error.code];
}

describe("a link's life, answered at once", () => {
  test("linked, resolved, updated, unlinked, each item with its own reason code", async () => {
    const id = newId();
    const [linked] = await sync("link", [item(id, { fa })]);
    expect(linked).toMatchObject({ status: "succ", fa, id });
    expect((await sync("link", [item(id, { fa })])).map(outcome)).toEqual([["rjct", "rjct.id.invalid"]]);

    const asked = [
      item(id),
      item(id, { scope: "details" }),
      item(id, { fa }),
      item(id, { fa: mobile }),
      item("", { fa }),
      item("", { fa: "account:000@ABNANL2A" }),
      item("vid:0@nowhere"),
    ];
    const resolved = await sync("resolve", asked);
    expect(resolved.map(outcome)).toEqual([
      ["succ", "succ.id.active"],
      ["succ", "succ.id.active"],
      ["succ", "succ.fa.active"],
      ["succ", "succ.fa.not_linked_to_id"],
      ["succ", "succ.fa.active"],
      ["succ", "succ.fa.not_found"],
      ["succ", "succ.id.not_found"],
    ]);
    expect(resolved[0]).not.toHaveProperty("fa");
    expect(resolved[1]).toMatchObject({ id, fa, account_provider_info: { code: "ABNANL2A" } });

    expect((await sync("update", [item(id, { fa: mobile })])).map(outcome)).toEqual([["succ", undefined]]);
    expect((await sync("resolve", [item(id, { scope: "details" })]))[0]).toMatchObject({ fa: mobile });
    expect((await sync("unlink", [item(id, { fa: "mobile:1@mpesa" })])).map(outcome)).toEqual([
      ["rjct", "rjct.fa.invalid"],
    ]);
    expect((await sync("unlink", [item(id, { fa: mobile })])).map(outcome)).toEqual([["succ", undefined]]);
    expect((await sync("resolve", [item(id)])).map(outcome)).toEqual([["succ", "succ.id.not_found"]]);
    expect((await sync("update", [item(id, { fa })])).map(outcome)).toEqual([["rjct", "rjct.id.invalid"]]);
    expect((await sync("link", [item(id, { fa })])).map(outcome)).toEqual([["succ", undefined]]);
  });

  test("items are rejected one by one, before anything is asked of the mapper", async () => {
    const id = newId();
    const good = item(id, { fa });
    const answers = await sync("link", [
      good,
      { ...item(newId(), { fa }), reference_id: good["reference_id"] },
      { ...item(newId(), { fa }), reference_id: "" },
      item(newId(), { fa, timestamp: "yesterday" }),
      item("", { fa }),
      item(newId(), { fa: "no address" }),
      item("x".repeat(65), { fa }),
    ]);
    expect(answers.map(outcome)).toEqual([
      ["succ", undefined],
      ["rjct", "rjct.reference_id.duplicate"],
      ["rjct", "rjct.reference_id.invalid"],
      ["rjct", "rjct.timestamp.invalid"],
      ["rjct", "rjct.id.invalid"],
      ["rjct", "rjct.fa.invalid"],
      ["rjct", "rjct.id.invalid"],
    ]);
  });

  test("it is the second face of the same payees", async () => {
    const beneficiaries = [
      {
        payeeIdentity: "GOV-1",
        paymentModality: "01",
        bankingInstitutionCode: "mpesa",
        financialAddress: "254700000001",
      },
    ];
    const requestID = server.institution.nextRequestId();
    await server.institution.call(
      "POST",
      "/beneficiary",
      { requestID, beneficiaries },
      { "X-Callback-URL": "" },
    );
    expect((await sync("resolve", [item("GOV-1", { scope: "details" })]))[0]).toMatchObject({ fa: mobile });
    const other = new Institution(
      "labour",
      server.url,
      server.issuer,
      server.receiver,
      server.institution.keys,
    );
    await other.register(server.client.pool);
    const message = messageOf("resolve", [item("GOV-1")], { sender_id: "labour" });
    const { body } = await post("/mapper/sync/resolve", message, other);
    expect((body["message"] as { resolve_response: Item[] }).resolve_response.map(outcome)).toEqual([
      ["succ", "succ.id.not_found"],
    ]);
  });
});

describe("answered by callback", () => {
  test("acknowledged, called back signed, and the same message again is the same one", async () => {
    const id = newId();
    const body = messageOf("link", [item(id, { fa }), item("", { fa })]);
    const first = await post("/mapper/link", body);
    const { ack_status: status, correlation_id: correlationId } = first.body["message"] as Record<
      string,
      string
    >;
    expect([first.status, status]).toEqual([200, "ACK"]);
    const told = await server.receiver.waitFor(
      (callback) => (callback.body["message"] as Item | undefined)?.["correlation_id"] === correlationId,
    );
    expect(told.body["header"]).toMatchObject({
      action: "on-link",
      status: "succ",
      total_count: 2,
      completed_count: 2,
      sender_id: "paypost",
      receiver_id: "welfare",
    });
    expect((told.body["message"] as { link_response: Item[] }).link_response.map(outcome)).toEqual([
      ["succ", undefined],
      ["rjct", "rjct.id.invalid"],
    ]);
    const part = { header: told.body["header"], message: told.body["message"] };
    const signature = String(told.body["signature"]);
    expect(await verifyMessage(serverKey, "paypost", signature, part, Date.now())).toBe(true);
    expect(await post("/mapper/link", body)).toEqual(first);
    const changed = { ...body, message: { ...body.message, transaction_id: "another" } };
    expect(errorOf(await post("/mapper/link", changed))).toEqual([400, "ERR", "err.request.bad"]);
  });

  test("without anywhere to call it is NACK, and done all the same", async () => {
    const id = newId();
    const body = messageOf("link", [item(id, { fa })], { sender_uri: "" });
    const answer = await post("/mapper/link", body);
    expect(answer.body["message"]).toMatchObject({ ack_status: "NACK" });
    const status = (attribute: string, value: unknown) => ({
      header: headerOf("txn-status", 1),
      message: {
        transaction_id: "T-1",
        txnstatus_request: {
          reference_id: "r",
          txn_type: "link",
          attribute_type: attribute,
          attribute_value: value,
        },
      },
    });
    const ask = async (attribute: string, value: unknown, path = "/mapper/sync/txn/status") => {
      const told = await post(path, status(attribute, value));
      return told.body["message"] as {
        txnstatus_response?: { txn_type: string; txn_status: { link_response: Item[] } };
      };
    };
    await expect
      .poll(async () =>
        (
          await ask("transaction_id", body.message.transaction_id)
        ).txnstatus_response?.txn_status.link_response.map(outcome),
      )
      .toEqual([["succ", undefined]]);
    const reference = (body.message["link_request"] as unknown as Item[])[0]?.["reference_id"];
    const { correlation_id: correlationId } = answer.body["message"] as Record<string, string>;
    for (const [attribute, value] of [
      ["reference_id_list", [reference]],
      ["correlation_id", correlationId],
    ] as const)
      expect((await ask(attribute, value, "/registry/sync/txn/status")).txnstatus_response).toMatchObject({
        txn_type: "on-link",
      });
    expect(errorOf(await post("/mapper/txn/status", status("transaction_id", "never")))).toEqual([
      404,
      "ERR",
      "err.request.not_found",
    ]);
    const later = await post("/mapper/txn/status", status("transaction_id", body.message.transaction_id));
    const { correlation_id: asked } = later.body["message"] as Record<string, string>;
    const told = await server.receiver.waitFor(
      (callback) => (callback.body["message"] as Item | undefined)?.["correlation_id"] === asked,
    );
    expect(told.body["header"]).toMatchObject({ action: "txn-on-status" });
  });
});

describe("a message that is wrong as a whole is ERR, and stores nothing", () => {
  test.each<[string, Item, string]>([
    ["another version", { version: "2.0.0" }, "err.version.not_supported"],
    ["another sender", { sender_id: "labour" }, "err.sender_id.invalid"],
    ["another action", { action: "update" }, "err.request.bad"],
    ["another count", { total_count: 2 }, "err.request.bad"],
    ["an encrypted message", { is_msg_encrypted: true }, "err.encryption.invalid"],
    ["a callback that may not be called", { sender_uri: "ftp://here" }, "err.sender_uri.invalid"],
    ["no message id", { message_id: "" }, "err.request.bad"],
  ])("%s", async (_name, more, code) => {
    const id = newId();
    expect(errorOf(await post("/mapper/link", messageOf("link", [item(id, { fa })], more)))).toEqual([
      400,
      "ERR",
      code,
    ]);
    expect((await sync("resolve", [item(id)])).map(outcome)).toEqual([["succ", "succ.id.not_found"]]);
  });

  test("no items, no JSON, no token", async () => {
    expect(errorOf(await post("/mapper/link", messageOf("link", [])))).toEqual([
      400,
      "ERR",
      "err.request.bad",
    ]);
    expect(errorOf(await post("/mapper/link", "{"))).toEqual([400, "ERR", "err.request.bad"]);
    const none = await server.institution.call("POST", "/mapper/link", {}, { authorization: "" });
    expect(errorOf(none)).toEqual([401, "ERR", "err.request.unauthorized"]);
  });
});

describe("a sender that has registered a key", () => {
  let signer: Institution;
  let key: CallbackKey;
  beforeAll(async () => {
    signer = new Institution("signer", server.url, server.issuer, server.receiver, server.institution.keys);
    await signer.register(server.client.pool);
    key = await createCallbackKey(new Uint8Array(32).fill(9));
    await putSigningKey(server.client.pool, "signer", key.publicKey);
  });
  const message = () =>
    messageOf("resolve", [item("x", { additional_info: [{ name: "é", value: 1.5 }] })], {
      sender_id: "signer",
    });
  const send = (body: unknown) => post("/mapper/sync/resolve", body, signer);
  const signed = async (body: ReturnType<typeof message>, at = Date.now(), sender = "signer") => ({
    signature: await createMessageSigner(
      () => key,
      sender,
      () => at,
    )(body),
    ...body,
  });

  test("is answered when its signature fits, whatever the order of its fields", async () => {
    const body = await signed(message());
    expect((await send(body)).status).toBe(200);
    const { signature, header, message: content } = await signed(message());
    const turned = {
      message: content,
      header: Object.fromEntries(Object.entries(header).toReversed()),
      signature,
    };
    expect((await send(turned)).status).toBe(200);
  });

  test("is refused when it is missing, changed, old, another's, or by another key", async () => {
    expect(errorOf(await send(message()))).toEqual([400, "ERR", "err.signature.missing"]);
    const refusedAs = [400, "ERR", "err.signature.invalid"];
    const body = await signed(message());
    const changed = { ...body, header: { ...body.header, receiver_id: "somebody" } };
    expect(errorOf(await send(changed))).toEqual(refusedAs);
    expect(errorOf(await send(await signed(message(), Date.now() - 7_200_000)))).toEqual(refusedAs);
    expect(errorOf(await send(await signed(message(), Date.now(), "welfare")))).toEqual(refusedAs);
    const other = await createCallbackKey(new Uint8Array(32).fill(8));
    const forged = {
      signature: await createMessageSigner(() => other, "signer", Date.now)(message()),
      ...message(),
    };
    expect(errorOf(await send(forged))).toEqual(refusedAs);
    expect(errorOf(await send({ ...message(), signature: "Signature: none" }))).toEqual(refusedAs);
    expect(
      errorOf(await post("/mapper/sync/resolve", { ...messageOf("resolve", [item("x")]), signature: "x" })),
    ).toEqual(refusedAs);
  });
});
