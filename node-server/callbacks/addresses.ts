/** Which network addresses a callback may go to: public unicast ones (IANA special-purpose registries, RFC 6890). */
import { BlockList, isIP } from "node:net";

/** False for loopback, private, link-local, multicast, documentation and every other special-purpose address. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "");
  switch (isIP(plain)) {
    case 4:
      return !specialIPv4.check(plain, "ipv4");
    case 6:
      // Global unicast only; that leaves out IPv4-mapped and NAT64 addresses, which could stand for any of the others.
      return globalIPv6.check(plain, "ipv6") && !specialIPv6.check(plain, "ipv6");
    default:
      return false;
  }
}

const specialIPv4 = blockList("ipv4", [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
]);

const globalIPv6 = blockList("ipv6", ["2000::/3"]);

// Teredo, documentation, 6to4 and SRv6 within it.
const specialIPv6 = blockList("ipv6", ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

function blockList(family: "ipv4" | "ipv6", networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
