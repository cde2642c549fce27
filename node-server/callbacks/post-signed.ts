/** Asking a bank that is registered here something over HTTP, signed as callbacks are; what it thinks of it comes later. */
import type { SignRequest } from "./signature.ts";

const timeoutMs = 15_000;

/** Follows no redirects. Gives the status of the answer, and nothing else of it is read; throws where none comes in time. */
export async function postSigned(
  sign: SignRequest,
  url: string,
  headers: Readonly<Record<string, string>>,
  value: unknown,
): Promise<number> {
  const body = JSON.stringify(value);
  const signed = await sign({ method: "POST", url, contentType: "application/json", body });
  const response = await fetch(url, {
    method: "POST",
    headers: { ...signed, ...headers },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  return response.status;
}

/** A path under an address that somebody has registered or set, whether that ends with a slash or not. */
export function under(base: string, path: string): string {
  return base.replace(/\/+$/, "") + path;
}
