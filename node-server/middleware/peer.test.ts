import { Hono } from "hono";
import { expect, test } from "vitest";
import type { CallerVariables } from "./caller.ts";
import { addressKey, findPeer, trustedNetworks } from "./peer.ts";

const proxies = ["10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48"];

async function addressOf(peerAddress: string | undefined, forwarded?: string): Promise<unknown> {
  const isTrusted = trustedNetworks(proxies);
  if (!isTrusted) throw new Error("the networks cannot be read");
  const app = new Hono<CallerVariables>();
  app.use(findPeer({ isProxy: isTrusted, isXRoadServer: isTrusted }));
  app.get("/", (c) => c.json([c.get("address"), c.get("isFromXRoad")]));
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return (await app.fetch(new Request("http://server/", { headers }), { peerAddress })).json();
}

test.each([
  [
    "a stranger's word about itself counts for nothing",
    "203.0.113.9",
    "198.51.100.1",
    ["203.0.113.9", false],
  ],
  ["a trusted proxy's word counts", "10.1.2.3", "198.51.100.1", ["198.51.100.1", true]],
  [
    "of what was forged before the proxy nothing counts",
    "10.1.2.3",
    "8.8.8.8, 198.51.100.1",
    ["198.51.100.1", true],
  ],
  ["a chain of trusted proxies is passed", "10.1.2.3", "198.51.100.1, 192.0.2.7", ["198.51.100.1", true]],
  ["what is no address ends the chain", "10.1.2.3", "198.51.100.1, unknown", ["10.1.2.3", true]],
  ["a proxy that says nothing is itself who asks", "10.1.2.3", undefined, ["10.1.2.3", true]],
  ["IPv4 written as IPv6 is IPv4", "::ffff:10.1.2.3", "198.51.100.1", ["198.51.100.1", true]],
  ["a trusted network may be IPv6", "2001:db8:1::5", "2001:db8:2::1", ["2001:db8:2::1", true]],
  ["where the runtime knows no address nobody is a proxy", undefined, "198.51.100.1", ["", false]],
])("%s", async (_claim, peer, forwarded, expected) =>
  expect(await addressOf(peer, forwarded)).toEqual(expected),
);

test.each(["10.0.0.0/33", "10.0.0/8", "proxy.example", "10.0.0.1/", "::/129", "10.0.0.1/-1"])(
  "%s is no network",
  (network) => expect(trustedNetworks([network])).toBeUndefined(),
);

test("an IPv6 subscriber has one bucket, an IPv4 address its own", () => {
  expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe(addressKey("2001:db8:1:2::9"));
  expect(addressKey("2001:db8:1:3::9")).not.toBe(addressKey("2001:db8:1:2::9"));
  expect(addressKey("10.0.0.1")).not.toBe(addressKey("10.0.0.2"));
});
