/** Sends one callback and writes down what came of it. A receiver has it when it answers 2xx; nothing else will do. */
import type { CallbackRow, Store, Tx } from "../ports/store.ts";
import type { SignRequest } from "./signature.ts";

/** Sends to where it may be sent; how that is enforced depends on the runtime. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

/** Composes the body when it is sent, so that encrypted voucher numbers are in no queue. */
export type Compose = (tx: Tx, callback: CallbackRow) => Promise<unknown>;

export interface DeliveryDependencies {
  readonly store: Store;
  readonly send: Send;
  readonly sign: SignRequest;
  readonly compose: Compose;
}

/** The receiver did not take it; the job queue tries again. */
export class NotDelivered extends Error {}

const timeoutMs = 15_000;
const giveUpAfterMs = 3 * 86_400_000;

/** Throws NotDelivered when it is to be tried again. After three days it is given up, and an alert raised. */
export async function deliverCallback(deps: DeliveryDependencies, id: bigint): Promise<void> {
  const prepared = await deps.store.transaction(async (tx) => {
    const callback = await tx.callbacks.find(id);
    if (callback?.state !== "waiting") return undefined;
    const institution = await tx.registry.institution(callback.institutionId);
    return {
      callback,
      method: institution?.callbackMethod ?? "POST",
      body: await deps.compose(tx, callback),
    };
  });
  if (!prepared) return;
  const { callback, method, body } = prepared;
  const attempt = await tryToSend(deps, callback.url, method, JSON.stringify(body));
  await deps.store.transaction((tx) => record(tx, callback, attempt));
  if (attempt.error !== null && !isTooOld(callback)) throw new NotDelivered(attempt.error);
}

interface Attempt {
  readonly status: number | null;
  /** Null when the receiver took it. */
  readonly error: string | null;
}

async function tryToSend(
  { send, sign }: DeliveryDependencies,
  url: string,
  method: string,
  body: string,
): Promise<Attempt> {
  try {
    const headers = await sign({ method, url, contentType: "application/json", body });
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send(url, { method, headers, body, redirect: "manual", signal });
    await response.body?.cancel();
    return { status: response.status, error: response.ok ? null : `answered ${response.status}` };
  } catch (error) {
    return { status: null, error: causeOf(error) };
  }
}

async function record(tx: Tx, callback: CallbackRow, attempt: Attempt): Promise<void> {
  const isDelivered = attempt.error === null;
  const isGivenUp = !isDelivered && isTooOld(callback);
  await tx.callbacks.recordTry(callback.id, {
    ...attempt,
    state: isDelivered ? "delivered" : isGivenUp ? "undeliverable" : "waiting",
  });
  if (isDelivered && callback.kind === "batch") await tx.batches.markDelivered(callback.subject);
  if (isGivenUp) {
    await tx.alerts.raise("callback-undeliverable", `callback:${callback.id}`, {
      institution: callback.institutionId,
      error: attempt.error,
    });
  }
}

function isTooOld({ requestedAt }: CallbackRow): boolean {
  return Date.now() - requestedAt.getTime() > giveUpAfterMs;
}

/** What fetch throws says little; its cause says what happened. Bounded, since it is stored and shown. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 200);
}
