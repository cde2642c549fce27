/** How the issuer gets a voucher's token, which goes into the square code beside the serial. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSelfSignedKeySet, trustedKeys } from "#sync/documents/key-set.ts";
import { openAs } from "#sync/documents/open.ts";
import { decodeVoucherToken, textToToken } from "#sync/documents/voucher-token.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 100_000n, currency: "USD" }));
});

afterAll(() => server.close());

test("4.4: the issuer gets the token in the activation callback and by fields=token: signed, and all that a till must know", async () => {
  const [voucher] = await server.institution.createVouchers("FOO", [12.5]);
  if (!voucher) throw new Error("no voucher was made");
  const read = () => server.institution.call("GET", `/vouchers/${voucher.serialNumber}?fields=token`);
  expect((await read()).status).toBe(400);
  const { vouchers } = await server.institution.activate([voucher.serialNumber]);
  const answer = await read();
  expect(answer).toMatchObject({ status: 200, body: { serialNumber: voucher.serialNumber } });
  const token = String(answer.body["token"]);
  expect(vouchers).toMatchObject([{ serialNumber: voucher.serialNumber, token }]);
  const published = (await (await fetch(`${server.url}/v1/keys`)).json()) as { keySet: string };
  const keySet = await openSelfSignedKeySet(new Uint8Array(Buffer.from(published.keySet, "base64")));
  if (!keySet.ok) throw new Error("the key set cannot be read");
  const { findKey } = trustedKeys(keySet.value);
  const opened = await openAs(
    "voucher-token",
    decodeVoucherToken,
    textToToken(token) ?? new Uint8Array(),
    (id) => findKey("voucher-token", id),
  );
  expect(opened).toMatchObject({
    ok: true,
    value: {
      serial: BigInt(voucher.serialNumber),
      group: "FOO",
      atRisk: false,
      amountMinor: 1250n,
      currency: "USD",
    },
  });
});
