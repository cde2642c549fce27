import { expect, test } from "vitest";
import { AddressRefused, createSend } from "./send.node.ts";

test.each([
  ["a private address", ["10.0.0.1"]],
  ["the address at which clouds keep their credentials", ["169.254.169.254"]],
  ["a private address beside a public one", ["193.0.14.129", "192.168.1.1"]],
  ["this machine, mapped into IPv6", ["::ffff:127.0.0.1"]],
  ["no address", []],
])("a public name that resolves to %s is not connected to", async (_name, addresses) => {
  const answers = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  const send = createSend(false, (_hostname, _options, callback) => callback(null, answers));
  const failure = await send("https://receiver.example/", { method: "POST", body: "{}" }).catch(
    (error: unknown) => error,
  );
  expect(failure instanceof Error && failure.cause).toBeInstanceOf(AddressRefused);
});

test("a name that does not resolve fails with the resolver's error", async () => {
  const notFound = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
  const send = createSend(false, (_hostname, _options, callback) => callback(notFound, []));
  await expect(send("https://receiver.example/", {})).rejects.toMatchObject({ cause: notFound });
});

test.each(["http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://[::ffff:7f00:1]/"])(
  "%s is this machine in another spelling, and is refused without a connection",
  async (url) => {
    await expect(createSend(false)(url, {})).rejects.toBeInstanceOf(AddressRefused);
  },
);
