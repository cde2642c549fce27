import { describe, expect, onTestFinished, test } from "vitest";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createAuthority } from "../../test/support/authority.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import type { StandInServer } from "../../test/support/stand-in-server.ts";
import { temporaryFolder } from "../../test/support/till.ts";
import { enrol } from "./enrol.ts";
import type { EnrolResult } from "./enrol.ts";
import { unwrapKey, wrapKey } from "./keys.ts";
import { openStores } from "./open.ts";
import type { NodeStores } from "./open.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";

const passphrase = "correct horse";

async function standIn(): Promise<StandInServer> {
  const server = await startStandIn();
  onTestFinished(() => server.close());
  return server;
}

function openFolder(directory = temporaryFolder()): NodeStores {
  const opened = openStores({ directory, wallMs: () => Date.now() });
  if (!opened.ok) throw new Error("the directory is in use");
  onTestFinished(() => {
    if (opened.stores.database.open) opened.stores.close();
  });
  return opened.stores;
}

function enrolWith(stores: NodeStores, serverUrl: string, change = {}): Promise<EnrolResult> {
  const request = { serverUrl, code: "GOOD-CODE", passphrase, headFile: null, ...change };
  return enrol({ stores, fetch, randomBytes: webRandomBytes }, request);
}

describe("an enrolment", () => {
  test("gives the node its certificate, its keys, and a head file for operation 0", async () => {
    const server = await standIn();
    const stores = openFolder();
    const result = await enrolWith(stores, server.url);
    expect(result).toMatchObject({ ok: true, again: false, certificate: { nodeId: server.nodeId } });
    expect(stores.trust.keySet().version).toBe(1);
    expect(stores.queue.head().sequence).toBe(0);
    expect(stores.stopped()).toBeUndefined();
  });

  test("whose reply was lost works again with the same code and the same key", async () => {
    const server = await standIn();
    const directory = temporaryFolder();
    const first = openFolder(directory);
    let lost = false;
    server.intercept = (request, response) => {
      if (request.url !== "/v1/enrolments" || lost) return false;
      lost = true;
      response.writeHead = () => response.destroy();
      return false;
    };
    expect(await enrolWith(first, server.url)).toEqual({ ok: false, failure: { code: "unreachable" } });
    const key = first.node.identity()?.publicKey;
    first.close();
    const again = openFolder(directory);
    expect(await enrolWith(again, server.url)).toMatchObject({ ok: true });
    expect(again.node.identity()?.publicKey).toEqual(key);
    expect(again.node.identity()?.certificate?.nodePublicKey).toEqual(key);
  });

  test("that is done answers the same code again, and refuses another with already-enrolled", async () => {
    const server = await standIn();
    const stores = openFolder();
    await enrolWith(stores, server.url);
    expect(await enrolWith(stores, server.url)).toMatchObject({ ok: true, again: true });
    const other = await enrolWith(stores, server.url, { code: "OTHER" });
    expect(other).toEqual({ ok: false, refusal: { code: "already-enrolled" } });
  });

  test("with a code that the server refuses keeps the key for the next code", async () => {
    const server = await standIn();
    const stores = openFolder();
    const refused = await enrolWith(stores, server.url, { code: "BAD" });
    expect(refused).toMatchObject({ ok: false, failure: { code: "refused", reason: "unknown-code" } });
    expect(await enrolWith(stores, server.url)).toMatchObject({ ok: true });
  });

  test("continued with another passphrase is refused, and nothing is sent", async () => {
    const server = await standIn();
    const stores = openFolder();
    await enrolWith(stores, server.url, { code: "BAD" });
    const sent = server.requests.length;
    const result = await enrolWith(stores, server.url, { passphrase: "another horse" });
    expect(result).toEqual({ ok: false, refusal: { code: "wrong-passphrase" } });
    expect(server.requests).toHaveLength(sent);
  });

  test.each([
    ["http://payments.example.org", "server-without-tls"],
    ["http://127.0.0.1.example.org", "server-without-tls"],
    ["ftp://payments.example.org", "malformed-server-url"],
    ["payments.example.org", "malformed-server-url"],
    ["https://user@payments.example.org", "malformed-server-url"],
  ])("at %s is refused with %s before a key is made", async (url, code) => {
    const stores = openFolder();
    expect(await enrolWith(stores, url)).toEqual({ ok: false, refusal: { code } });
    expect(stores.node.identity()).toBeUndefined();
  });

  test("with a passphrase of seven characters is refused", async () => {
    const stores = openFolder();
    const result = await enrolWith(stores, "https://payments.example.org", { passphrase: "1234567" });
    expect(result).toEqual({ ok: false, refusal: { code: "passphrase-too-short" } });
  });

  test("answered with a certificate that the key set does not cover keeps nothing of it", async () => {
    const server = await standIn();
    const stores = openFolder();
    server.authority.certificate = createAuthority(4).certificate;
    const refusal = { code: "answer-not-trusted", because: "certificate:unknown-key" };
    expect(await enrolWith(stores, server.url)).toEqual({ ok: false, refusal });
    expect(stores.node.identity()?.certificate).toBeUndefined();
  });

  test("answered with a certificate for another key keeps nothing of it", async () => {
    const server = await standIn();
    const stores = openFolder();
    const { certificate } = server.authority;
    const other = ed25519Key(new Uint8Array(32).fill(66)).publicKey;
    server.authority.certificate = (nodeId) => certificate(nodeId, other);
    const refusal = { code: "answer-not-trusted", because: "another-key" };
    expect(await enrolWith(stores, server.url)).toEqual({ ok: false, refusal });
  });
});

describe("a wrapped key", () => {
  test("opens with its passphrase, typed in either Unicode form, and with no other", async () => {
    const key = ed25519Key(webRandomBytes(32));
    const wrapping = { passphrase: "pass\u00e9word", keyStore: undefined };
    const wrapped = await wrapKey(key, wrapping, webRandomBytes);
    expect(wrapped).not.toContain(Buffer.from(key.seed).toString("base64"));
    expect(unwrapKey(wrapped, "passe\u0301word")?.publicKey).toEqual(key.publicKey);
    expect(unwrapKey(wrapped, "password")).toBeUndefined();
  });
});
