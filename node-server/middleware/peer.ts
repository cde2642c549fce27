/**
 * Who is at the other end of the connection. The runtime knows, and says so with each request (`app.fetch`). What a header
 * says about it is believed of trusted proxies only (RFC 7239; `X-Forwarded-For`).
 */
import { BlockList, isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import type { CallerVariables } from "./caller.ts";

/** What a runtime tells beside the request. */
export interface Peer {
  /** The network address that the connection comes from; undefined where the runtime has none. */
  readonly peerAddress?: string | undefined;
}

/** Answers a request that came over a connection. */
export type AnswerRequest = (request: Request, peer?: Peer) => Response | Promise<Response>;

export type IsTrusted = (address: string | undefined) => boolean;

/** `networks` are addresses and networks as CIDR; undefined when one of them is neither. */
export function trustedNetworks(networks: readonly string[]): IsTrusted | undefined {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
    if (family === 0 || !/^[0-9]{1,3}$/.test(prefix ?? "0") || bits > (family === 4 ? 32 : 128))
      return undefined;
    list.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const plain = plainAddress(address ?? "");
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? "ipv4" : "ipv6");
  };
}

export interface PeerRules {
  /** Proxies that say truly for whom they ask. */
  readonly isProxy: IsTrusted;
  /** X-Road security servers, which say truly which client of X-Road asks. */
  readonly isXRoadServer: IsTrusted;
}

/** Sets the address of whoever asks, and whether the connection is a security server's. */
export function findPeer({ isProxy, isXRoadServer }: PeerRules): MiddlewareHandler<CallerVariables> {
  return async (c, next) => {
    const direct = plainAddress(c.env?.peerAddress ?? "");
    const forwarded = isProxy(direct) ? c.req.header("x-forwarded-for") : undefined;
    c.set("address", forwardedFor(forwarded, isProxy, direct));
    c.set("isFromXRoad", isXRoadServer(direct));
    await next();
  };
}

/** Read from the end: what stands before the last address that no trusted proxy wrote is anybody's word. */
function forwardedFor(text: string | undefined, isTrusted: IsTrusted, direct: string): string {
  const hops = (text ?? "").split(",").map((hop) => plainAddress(hop.trim()));
  let nearest = direct;
  for (const hop of hops.toReversed()) {
    if (isIP(hop) === 0) return nearest;
    nearest = hop;
    if (!isTrusted(hop)) return nearest;
  }
  return nearest;
}

/** An IPv4 address that a socket for both families writes as IPv6 is the IPv4 address. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, "").replace(/%.*$/, "");
}

/** What limits count by: a subscriber's IPv6 network has more addresses than there are buckets. */
export function addressKey(address: string | undefined): string {
  if (address === undefined || isIP(address) !== 6) return address ?? "";
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
