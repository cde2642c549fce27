/** The receiver for integrators, as they start it: it verifies what a real server sends, and refuses what it is told to. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "../../test/support/processes.ts";
import type { Running } from "../../test/support/processes.ts";
import { startServerWithShop } from "../../test/support/shop.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let sink: Running;

beforeAll(async () => {
  server = await startServerWithShop();
  const options = ["--server", server.url, "--port", "0", "--refuse", "1"];
  sink = start("node-server/callback-sink/main.ts", options);
});

afterAll(async () => {
  sink.child.kill("SIGKILL");
  await sink.finished;
  await server.close();
});

test("a callback is verified, refused once, and comes again; what anybody else sends is not verified", async () => {
  const [, url = ""] = await sink.line(/are taken at (http:\S+);/);
  const forged = await fetch(url, { method: "POST", body: '{"requestID":"forged"}' });
  expect(forged.status).toBe(401);
  await sink.line(/NOT VERIFIED: there is no signature named paypost, answered 401/);
  const voucherInstructions = [
    { instructionID: "i-1", groupCode: "FOO", currency: "USD", amount: 7, narration: "food" },
  ];
  const body = { requestID: "sink-1", batchID: "sink-1", voucherInstructions };
  const { status } = await server.institution.call("POST", "/vouchers", body, { "X-Callback-URL": url });
  expect(status).toBe(200);
  await sink.line(/POST \/ verified, answered 503/);
  await sink.line(/POST \/ verified, answered 202[^]*"requestID": "sink-1"/);
});
