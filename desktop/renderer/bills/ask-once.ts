/** Requests that have a key: where their answer is lost, nobody knows what was done, and asking again is right. */
import type { Payloads, Refused, Results } from "../../protocol.ts";
import { ask, TillError } from "../till.ts";

type Keyed = "pay-bill" | "refund-bill";

export const tillSilent: Refused = { ok: false, code: "till-silent", details: {} };

export async function askOnce<Name extends Keyed>(
  name: Name,
  payload: Payloads[Name],
): Promise<Results[Name] | typeof tillSilent> {
  try {
    return await ask(name, payload);
  } catch (error) {
    // What the till has said itself is its word: it did nothing.
    if (!(error instanceof TillError) || error.code !== "no-answer") throw error;
    return tillSilent;
  }
}
