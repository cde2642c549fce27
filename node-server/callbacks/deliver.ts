/**
 * Sends one callback and writes down what came of it. A receiver has it when it answers 2xx; nothing else will do.
 * The next try is enqueued with the record of the last, so that one job waits for a callback however often it is asked for.
 */
import type { CallbackKind, CallbackRow, Store, Tx } from "../ports/store.ts";
import { causeOf, waitSeconds } from "../delivery.ts";
import { currentCorrelation, withCorrelation } from "../watch/correlation.ts";
import { inSpan, traceHeaders } from "../watch/tracing.ts";
import type { FairShare } from "./fair-share.ts";
import type { SignRequest } from "./signature.ts";

/** Sends to where it may be sent; how that is enforced depends on the runtime. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

export interface Message {
  /** The institution's own method where it is left out. */
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Composes a message when it is sent, so that encrypted voucher numbers are in no queue. */
export type Compose = (tx: Tx, callback: CallbackRow) => Promise<Message>;

export interface DeliveryDependencies {
  readonly store: Store;
  readonly send: Send;
  readonly sign: SignRequest;
  readonly compose: Compose;
  /** How many may be under way to one receiver; as many as come if unset. */
  readonly share?: FairShare;
  /** Told of each try. */
  readonly onTry?: ((outcome: "taken" | "refused") => void) | undefined;
}

/** How long one waits whose receiver has its share under way. */
const turnSeconds = 2;
const timeoutMs = 15_000;
const giveUpAfterMs = 3 * 86_400_000;
/** Nobody waits longer for the answer to a question. */
const questionGoodForMs = 600_000;

/** Does nothing for a callback that waits no longer. After three days it is given up, and an alert raised. */
export async function deliverCallback(deps: DeliveryDependencies, id: bigint): Promise<void> {
  const { store, share } = deps;
  if (!share) return deliver(deps, id);
  const callback = await store.transaction((tx) => tx.callbacks.find(id));
  if (callback?.state !== "waiting") return;
  if (!share.take(callback.url)) {
    await store.transaction((tx) => tx.jobs.enqueue({ queue: "callback", id: String(id) }, turnSeconds));
    return;
  }
  try {
    await deliver(deps, id);
  } finally {
    share.giveBack(callback.url);
  }
}

async function deliver(deps: DeliveryDependencies, id: bigint): Promise<void> {
  const prepared = await deps.store.transaction(async (tx) => {
    const callback = await tx.callbacks.find(id);
    if (callback?.state !== "waiting") return undefined;
    const institution = await tx.registry.institution(callback.institutionId);
    const { method = institution?.callbackMethod ?? "POST", ...message } = await deps.compose(tx, callback);
    return { callback, message: { ...message, method } };
  });
  if (!prepared) return;
  const { callback, message } = prepared;
  const { correlationId } = callback;
  const withId = (work: () => Promise<Attempt>) =>
    correlationId === null ? work() : withCorrelation(correlationId, work);
  const attributes = { "paypost.callback": String(id), "paypost.kind": callback.kind };
  const attempt = await withId(() =>
    inSpan("send callback", { kind: "client", attributes }, () => tryToSend(deps, callback.url, message)),
  );
  deps.onTry?.(attempt.error === null ? "taken" : "refused");
  await deps.store.transaction((tx) => record(tx, callback, attempt));
}

interface Attempt {
  readonly status: number | null;
  /** Null when the receiver took it. */
  readonly error: string | null;
}

async function tryToSend(
  { send, sign }: DeliveryDependencies,
  url: string,
  { method, headers: own, body: value }: Omit<Message, "method"> & { readonly method: string },
): Promise<Attempt> {
  try {
    const body = value === undefined ? "" : JSON.stringify(value);
    const headers = {
      ...correlationHeaders(),
      ...own,
      ...(await sign({ method, url, contentType: "application/json", body })),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send(url, {
      method,
      headers,
      redirect: "manual",
      signal,
      ...(value === undefined ? {} : { body }),
    });
    await response.body?.cancel();
    return { status: response.status, error: response.ok ? null : `answered ${response.status}` };
  } catch (error) {
    return { status: null, error: causeOf(error) };
  }
}

/** What the receiver can ask us about, and the trace that its own work belongs to. */
function correlationHeaders(): Record<string, string> {
  const id = currentCorrelation();
  return { ...traceHeaders(), ...(id === undefined ? {} : { "X-CorrelationID": id }) };
}

async function record(tx: Tx, callback: CallbackRow, attempt: Attempt): Promise<void> {
  const state = attempt.error === null ? "delivered" : isTooOld(callback) ? "undeliverable" : "waiting";
  if (state === "delivered") await markNumbersDelivered(tx, callback);
  const isCurrent = await tx.callbacks.recordTry(callback, { ...attempt, state });
  // Asked for again while it was sent: that has a job of its own, and this try says nothing about it.
  if (!isCurrent) return;
  if (state === "waiting") {
    await tx.jobs.enqueue({ queue: "callback", id: String(callback.id) }, waitSeconds(callback.tries + 1));
  }
  if (state === "undeliverable" && callback.kind !== "bill-question") {
    await tx.alerts.raise("callback-undeliverable", `callback:${callback.id}`, {
      institution: callback.institutionId,
      error: attempt.error,
    });
  }
}

/** The callback of a file only says where its numbers are: those are delivered when the file is downloaded. */
async function markNumbersDelivered(tx: Tx, { kind, subject }: CallbackRow): Promise<void> {
  if (kind !== "batch") return;
  const batch = await tx.batches.find(subject);
  if (batch && batch.kind !== "file") await tx.batches.markDelivered(subject);
}

function isTooOld({ kind, requestedAt }: CallbackRow): boolean {
  return Date.now() - requestedAt.getTime() > patienceMs(kind);
}

function patienceMs(kind: CallbackKind): number {
  return kind === "bill-question" ? questionGoodForMs : giveUpAfterMs;
}
