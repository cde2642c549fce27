/**
 * Calls of the GSMA Mobile Money API 1.1.2 and what their answers say. Nothing that is not said in the standard's own
 * words counts as an outcome: a broken answer leaves it unknown.
 */
import { z } from "zod";

export interface ProviderAccess {
  /** Up to, and without, `/transactions`. */
  readonly url: string;
  /** What authenticates us, such as `X-API-Key` or `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the provider tells outcomes; it is asked for them otherwise. */
  readonly callbackUrl: string | undefined;
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  /** Undefined where the body is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const defaultTimeoutMs = 30_000;
const mostBytes = 256 * 1024;

/** Throws when there is no answer, or one that is too long. */
export async function call(
  access: ProviderAccess,
  method: "GET" | "POST",
  path: string,
  correlationId: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const response = await fetch(`${access.url.replace(/\/+$/, "")}${path}`, {
    method,
    headers: {
      ...access.headers,
      accept: "application/json",
      "X-Date": new Date().toISOString(),
      "X-CorrelationID": correlationId,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(body === undefined || access.callbackUrl === undefined
        ? {}
        : { "X-Callback-URL": access.callbackUrl }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(access.timeoutMs ?? defaultTimeoutMs),
  });
  const text = await response.text();
  if (text.length > mostBytes) throw new Error("the provider's answer is too long");
  return { status: response.status, body: objectOf(text) };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export const transactionObject = z.object({
  transactionReference: z.string().min(1).max(256),
  transactionStatus: z.string().min(1).max(256),
});

export const requestState = z.object({
  serverCorrelationId: z.string().min(1).max(256),
  status: z.string(),
  objectReference: z.string().min(1).max(256).nullish(),
  error: z.unknown().optional(),
});

export const errorObject = z.object({
  errorCategory: z.enum([
    "businessRule",
    "validation",
    "authorisation",
    "identification",
    "internal",
    "serviceUnavailable",
  ]),
  errorCode: z.string().min(1).max(100),
  errorDescription: z.string().max(1_000).nullish(),
});

export const responseLink = z.object({ link: z.string().min(1).max(1_000) });
