/**
 * Sending callbacks from Node. The address that is connected to is the one that was judged: the check sits in the
 * connection's own name lookup, so that a name cannot resolve to another address afterwards.
 */
import { lookup } from "node:dns";
import type { LookupAddress, LookupAllOptions } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { Agent, fetch as undiciFetch } from "undici";
import { isPublicAddress } from "./addresses.ts";
import type { Send } from "./deliver.ts";

export class AddressRefused extends Error {}

/** With `allowPrivate` any address will do; for trials only. */
export function createSend(allowPrivate: boolean, resolve: Resolve = lookup): Send {
  const dispatcher = new Agent({
    connect: allowPrivate ? {} : { lookup: lookupPublic(resolve) },
    // Answers of callbacks are not read; a receiver that talks on is not listened to.
    maxResponseSize: 64 * 1024,
  });
  return async (url, init) => {
    // A literal address is connected to without any lookup.
    const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
    if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw refused(host);
    const request = { ...init, dispatcher } as Parameters<typeof undiciFetch>[1];
    return undiciFetch(url, request);
  };
}

type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** One address that is not public is enough: which of them is connected to is not ours to choose. */
function lookupPublic(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "");
      const first = addresses[0];
      if (!first || !addresses.every(({ address }) => isPublicAddress(address)))
        return callback(refused(hostname), "");
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

function refused(host: string): AddressRefused {
  return new AddressRefused(`${host} is or resolves to an address that is not public`);
}
