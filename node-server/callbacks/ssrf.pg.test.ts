/** A caller that would have the server call inside its own network: by address, in every spelling, by name, and by another's path. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { AddressRefused, createSend } from "./send.node.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ allowPrivateCallbacks: false, send: createSend(false) });
});
afterAll(() => server.close());

const inside = [
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0177.0.0.1/",
  "https://017700000001/",
  "https://0x7f.0x0.0x0.0x1/",
  "https://127.0.0.1./",
  "https://0/",
  "https://①②⑦.⓪.⓪.①/",
  "https://%31%32%37.0.0.1/",
  "https://[::1]/",
  "https://[::]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[fd00::1]/",
  "https://[fe80::1]/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://192.168.1.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://100.100.100.200/",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://a.localhost/",
  "https://printer.local/",
  "https://metadata.google.internal/",
  "https://user:password@receiver.example/",
  "https://receiver.example@127.0.0.1/",
  "http://receiver.example/",
  "ftp://receiver.example/",
  "file:///etc/passwd",
  "gopher://receiver.example/",
  "javascript:alert(1)",
  "//127.0.0.1/",
  "receiver.example",
];

test.each(inside)("a request with %s as its callback is refused and stores nothing", async (url) => {
  const requestID = server.institution.nextRequestId();
  const answer = await server.institution.call(
    "POST",
    "/vouchers",
    {
      requestID,
      batchID: requestID,
      voucherInstructions: [
        { instructionID: "i-1", groupCode: "FOO", currency: "USD", amount: 1, narration: "n" },
      ],
    },
    // As bytes, since a header holds nothing else.
    { "X-Callback-URL": Buffer.from(url).toString("latin1") },
  );
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: "X-Callback-URL" }] } });
  const { rowCount } = await server.client.pool.query("select from api_requests where request_id = $1", [
    requestID,
  ]);
  expect(rowCount).toBe(0);
});

test("neither is it taken as the sender_uri of G2P Connect", async () => {
  for (const url of ["https://127.0.0.1/", "https://[::ffff:7f00:1]/", "https://0177.0.0.1/"]) {
    const answer = await server.institution.call("POST", "/mapper/link", {
      header: {
        message_id: crypto.randomUUID(),
        message_ts: new Date().toISOString(),
        action: "link",
        sender_id: "welfare",
        sender_uri: url,
        total_count: 1,
      },
      message: { transaction_id: "t-1", link_request: [] },
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { message: { error: { code: "err.sender_uri.invalid" } } },
    });
  }
});

test.each([
  ["always to this machine", ["127.0.0.1"]],
  ["to this machine too", ["193.0.14.129", "127.0.0.1"]],
  ["to this machine by IPv6", ["::1"]],
])(
  "a name that resolves %s when it is called is not connected to, however often",
  async (_claim, addresses) => {
    let connections = 0;
    const listener = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    listener.listen(0);
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const send = createSend(false, (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
    );
    for (let time = 0; time < 3; time += 1) {
      const failure: unknown = await send(`https://receiver.example:${port}/`, {
        method: "POST",
        body: "{}",
      }).catch((error: unknown) => error);
      expect(failure instanceof Error && failure.cause).toBeInstanceOf(AddressRefused);
    }
    listener.close();
    expect(connections).toBe(0);
  },
);

test("a name that was public when it was asked for and is this machine's a moment later is refused then", async () => {
  let asked = 0;
  const send = createSend(false, (_name, _options, callback) => {
    asked += 1;
    // The first answer is nobody's own to connect to here: the connection fails by itself.
    callback(null, [{ address: asked === 1 ? "192.0.2.1" : "127.0.0.1", family: 4 }]);
  });
  for (let time = 0; time < 2; time += 1) {
    const failure: unknown = await send("https://receiver.example/", {}).catch((error: unknown) => error);
    expect(failure instanceof Error && failure.cause).toBeInstanceOf(AddressRefused);
  }
  expect(asked).toBe(2);
});
