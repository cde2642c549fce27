/** Counts what goes over the link: bodies as they are sent, heads as far as they can be known. */
import type { Fetch } from "#sync/ports/transport.ts";

/** What `fetch` adds of its own: request line, host, agent, accepted encodings. */
const requestHeadBytes = 250;
/** Status line, date and connection. */
const responseHeadBytes = 120;

/** Each count is a write to the disk; what a broken answer had brought since the last one is not counted. */
const mostUncounted = 64 * 1024;

export function countTraffic(fetch: Fetch, add: (bytes: number) => void): Fetch {
  return async (input, init) => {
    const url = typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
    const sent = requestHeadBytes + url.length + bytesOf(new Headers(init?.headers)) + bodyBytes(init?.body);
    const response = await fetch(input, init).catch((error: unknown) => {
      add(sent);
      throw error;
    });
    const heads = sent + responseHeadBytes + bytesOf(response.headers);
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    // A length counts what was sent, packed; without one what arrives is counted as it is unpacked.
    const hasLength = response.body !== null && Number.isFinite(length);
    add(hasLength ? heads + length : heads);
    if (response.body === null || hasLength) return response;
    let uncounted = 0;
    const count = (): void => {
      if (uncounted > 0) add(uncounted);
      uncounted = 0;
    };
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          uncounted += chunk.length;
          if (uncounted >= mostUncounted) count();
          controller.enqueue(chunk);
        },
        flush: count,
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(counted, { status, statusText, headers });
  };
}

function bytesOf(headers: Headers): number {
  let bytes = 0;
  headers.forEach((value, name) => (bytes += name.length + value.length + 4));
  return bytes;
}

function bodyBytes(body: RequestInit["body"]): number {
  if (typeof body === "string") return body.length;
  return body instanceof Uint8Array ? body.length : 0;
}
