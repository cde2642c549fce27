/** What the voucher calls share: who calls, where the answer goes, and what makes a request the same one again. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Context } from "hono";
import type { CallerVariables } from "../middleware/caller.ts";
import { requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import type { Store } from "../ports/store.ts";
import type { Accepted, RequestIdentity } from "../accept-once.ts";
import type { VoucherAcceptance } from "../vouchers/accept.ts";
import { acceptProblem } from "./voucher-answers.ts";

export interface VoucherRouteDependencies {
  readonly store: Store;
  readonly gateway: PaymentGateway;
  readonly indexKey: Uint8Array;
  /** How long after its not-after a lease stays open. */
  readonly graceMs: number;
  readonly checkCallbackUrl: (institutionId: string, url: string) => Promise<void>;
}

export type Caller = Context<CallerVariables>;

/** The callback URL of the request. Throws a 400 when it is missing or not one that may be called. */
export async function callbackOf(deps: VoucherRouteDependencies, c: Caller): Promise<string> {
  const url = requiredHeader(c, "X-Callback-URL", 100);
  await deps.checkCallbackUrl(c.get("institutionId"), url);
  return url;
}

/** `call` is method, path and command, by the name that all aliases of the call share. */
export async function identify(
  deps: Pick<VoucherRouteDependencies, "indexKey">,
  c: Caller,
  call: string,
  requestId: string,
): Promise<RequestIdentity> {
  return {
    key: { institutionId: c.get("institutionId"), call, requestId },
    bodyHash: await hashBody(deps.indexKey, c),
  };
}

/** Keyed, so that a stored hash tells nothing of the secrets in the body. */
export async function hashBody(indexKey: Uint8Array, c: Context): Promise<Uint8Array> {
  return hmac(sha256, indexKey, utf8ToBytes(`request-body/${await c.req.text()}`));
}

export function acknowledged(body: Record<string, string>): Accepted {
  return { status: 200, body: JSON.stringify(body) };
}

export function answered(c: Caller, acceptance: VoucherAcceptance, requestId: string): Response {
  if (!acceptance.ok) throw acceptProblem(acceptance.refusal, requestId);
  const { status, body } = acceptance.accepted;
  return c.body(body, status as 200, { "content-type": "application/json" });
}

export function unknownCommand(c: Caller, known: string): Problem {
  return new Problem(
    400,
    `Unknown command ${c.req.query("command") ?? "(none)"}; use ${known}`.slice(0, 200),
    [{ field: "command", reason: `must be one of ${known}` }],
  );
}
