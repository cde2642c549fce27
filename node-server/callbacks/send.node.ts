/**
 * Sending callbacks from Node. The address that is connected to is the one that was judged: the check sits in the
 * connection's own name lookup, so that a name cannot resolve to another address afterwards.
 */
import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { Agent, fetch as undiciFetch } from "undici";
import { isPublicAddress } from "./addresses.ts";
import type { Send } from "./deliver.ts";

export class AddressRefused extends Error {}

/** With `allowPrivate` any address will do; for trials only. */
export function createSend(allowPrivate: boolean): Send {
  const dispatcher = new Agent({
    connect: allowPrivate ? {} : { lookup: lookupPublic },
    // Answers of callbacks are not read; a receiver that talks on is not listened to.
    maxResponseSize: 64 * 1024,
  });
  return async (url, init) => {
    // A literal address is connected to without any lookup.
    const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
    if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw refused(host);
    const request = { ...init, dispatcher } as Parameters<typeof undiciFetch>[1];
    return (await undiciFetch(url, request)) as unknown as Response;
  };
}

const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "");
    const bad = addresses.find(({ address }) => !isPublicAddress(address));
    const first = addresses[0];
    if (bad || !first) return callback(refused(hostname), "");
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

function refused(host: string): AddressRefused {
  return new AddressRefused(`${host} is or resolves to an address that is not public`);
}
