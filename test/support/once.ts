/** Requests as a page makes them: those that are done once get an id of their own unless the test names one. */
import { randomUUID } from "node:crypto";
import type { Once, Payloads, RequestName } from "../../desktop/protocol.ts";
import { payloads } from "../../desktop/worker/till/payloads.ts";

export type AskedPayload<Name extends RequestName> = Payloads[Name] extends Once
  ? Omit<Payloads[Name], "request"> & Partial<Once>
  : Payloads[Name];

export function withRequestId<Name extends RequestName>(
  name: Name,
  payload: AskedPayload<Name>,
): Payloads[Name] {
  const schema = payloads[name] as unknown as { readonly shape?: object };
  const isOnce = schema.shape !== undefined && "request" in schema.shape;
  return (isOnce ? { request: randomUUID(), ...payload } : payload) as Payloads[Name];
}
