/** One request to the server, with every way in which it can fail told apart by type and never by a message. */
import { fromBase64 } from "./base64.ts";
import { gzip, leastBytesToPack, readAtMost } from "./gzip.ts";
import type { ServerLink } from "./ports/transport.ts";

export type CallFailure =
  /** No answer: no network, no server, or an answer that broke off. */
  | { readonly code: "unreachable" }
  /** What the link may cost today is spent; nothing was sent. */
  | { readonly code: "allowance-spent" }
  /** 408, 429 or 5xx: the server asks to be left alone for a while. */
  | { readonly code: "busy"; readonly status: number; readonly retryAfterMs: number }
  /** Another 4xx, with the server's own code where it gave one. */
  | {
      readonly code: "refused";
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly body: Readonly<Record<string, unknown>>;
    };

export type CallResult =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly failure: CallFailure };

export interface Call {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array | string;
  readonly token?: string;
  readonly signal?: AbortSignal | undefined;
}

const timeoutMs = 60_000;
const mostAnswerBytes = 4_194_304;

export async function post(link: ServerLink, call: Call): Promise<CallResult> {
  if (link.allowance?.isSpent("operations") === true) return failed({ code: "allowance-spent" });
  const body = typeof call.body === "string" ? new TextEncoder().encode(call.body) : call.body;
  const isPacked = body.length >= leastBytesToPack;
  const sent = isPacked ? await gzip(body) : body;
  return ask(link, call.path, {
    method: "POST",
    headers: {
      "content-type": call.contentType,
      ...(isPacked && { "content-encoding": "gzip" }),
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
    },
    body: Uint8Array.from(sent),
    ...(call.signal && { signal: call.signal }),
  });
}

/** Asks for what is public. */
export async function get(link: ServerLink, path: string): Promise<CallResult> {
  if (link.allowance?.isSpent("reading") === true) return failed({ code: "allowance-spent" });
  return ask(link, path, {});
}

async function ask(link: ServerLink, path: string, { signal, ...init }: RequestInit): Promise<CallResult> {
  try {
    const response = await link.fetch(link.baseUrl + path, {
      ...init,
      redirect: "error",
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    });
    const answer = response.body ? await readAtMost(response.body, mostAnswerBytes) : new Uint8Array();
    if (!answer) return failed({ code: "unreachable" });
    return response.status === 200 ? { ok: true, body: answer } : failed(failureOf(response, answer));
  } catch {
    // fetch says what went wrong in words only; whatever it was, there is no answer.
    return failed({ code: "unreachable" });
  }
}

/** The JSON object in an answer; undefined when it is something else. */
export function jsonObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes that an answer holds there in base64; undefined when it holds none. */
export function bytesIn(
  answer: Readonly<Record<string, unknown>> | undefined,
  name: string,
): Uint8Array | undefined {
  const text = answer?.[name];
  return typeof text === "string" ? fromBase64(text) : undefined;
}

/** Whether the same request may do better in a moment. */
export function isPassing(failure: CallFailure): boolean {
  return failure.code === "unreachable" || failure.code === "busy";
}

function failureOf(response: Response, bytes: Uint8Array): CallFailure {
  const { status } = response;
  if (status === 408 || status === 429 || status >= 500) {
    return { code: "busy", status, retryAfterMs: retryAfterMs(response.headers.get("retry-after")) };
  }
  const body = jsonObject(bytes) ?? {};
  const reason = typeof body["code"] === "string" ? body["code"] : `http-${status}`;
  const message = typeof body["message"] === "string" ? body["message"] : "";
  return { code: "refused", status, reason, message, body };
}

/** Only the seconds form of the header (RFC 9110 section 10.2.3): the other one would need a clock. */
function retryAfterMs(header: string | null): number {
  return header !== null && /^[0-9]{1,5}$/.test(header) ? Number(header) * 1000 : 0;
}

function failed(failure: CallFailure): CallResult {
  return { ok: false, failure };
}
