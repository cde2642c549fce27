import { expect, test } from "vitest";
import { isPublicAddress } from "./addresses.ts";

test.each(["8.8.8.8", "193.0.14.129", "172.32.0.1", "100.128.0.1", "2001:500:9f::42", "2a00:1450:4001::1"])(
  "%s is public",
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  ["loopback", "127.0.0.1"],
  ["loopback anywhere in its network", "127.255.0.9"],
  ["unspecified", "0.0.0.0"],
  ["private", "10.1.2.3"],
  ["private", "172.31.255.255"],
  ["private", "192.168.1.1"],
  ["shared between carriers", "100.64.0.1"],
  ["link-local, where clouds keep their credentials", "169.254.169.254"],
  ["multicast", "224.0.0.1"],
  ["broadcast", "255.255.255.255"],
  ["documentation", "203.0.113.7"],
  ["IPv6 loopback", "::1"],
  ["IPv6 unspecified", "::"],
  ["IPv4 mapped into IPv6", "::ffff:127.0.0.1"],
  ["IPv4 mapped into IPv6, in hexadecimal", "::ffff:7f00:1"],
  ["NAT64", "64:ff9b::7f00:1"],
  ["6to4", "2002:7f00:1::1"],
  ["unique local", "fd00::1"],
  ["IPv6 link-local", "fe80::1"],
  ["IPv6 multicast", "ff02::1"],
  ["no address at all", "example.org"],
])("%s is not public: %s", (_name, address) => expect(isPublicAddress(address)).toBe(false));
