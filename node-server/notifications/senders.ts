/** The two adapters: one that writes into the log, and one that hands messages to a provider over HTTP. */
import type { Logger } from "pino";
import type { Message, SendMessage } from "./port.ts";

/** For trials, and for installations that tell nobody: the message is logged, the address hidden. */
export function createLogSender(log: Pick<Logger, "info">): SendMessage {
  return async ({ to, subject, text }) => {
    log.info({ channel: to.channel, to: masked(to.address), subject, text }, "a notification");
  };
}

export interface HttpSenderOptions {
  /** Takes a POST for each message, and answers 2xx when it has it. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly secret: string | undefined;
}

const timeoutMs = 15_000;

export function createHttpSender({ url, secret }: HttpSenderOptions): SendMessage {
  return async ({ to, subject, text, idempotencyKey }: Message) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: JSON.stringify({ channel: to.channel, to: to.address, language: to.language, subject, text }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the provider answered ${response.status}`);
  };
}

function masked(address: string): string {
  return `…${address.slice(-2)}`;
}
