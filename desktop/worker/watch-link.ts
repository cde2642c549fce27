/**
 * What each request to the server shows of the connection, as it happens: an answer, or none. A request that nothing answers
 * is given up after a while, so that a link that swallows everything is noticed as well.
 */
import type { Fetch } from "#sync/ports/transport.ts";

export interface LinkWatch {
  /** Whether the server has answered. Not told where whoever asked gave up by themselves. */
  readonly tell: (isReached: boolean) => void;
  /** How long a request may be without an answer. */
  readonly silenceMs?: number;
}

/** A live request is held about 20 seconds; twice that is silence. */
const usualSilenceMs = 45_000;
/** What a go-between says of a server that is not there. */
const nobodyThere: ReadonlySet<number> = new Set([502, 504]);

export function watchLink(fetch: Fetch, { tell, silenceMs = usualSilenceMs }: LinkWatch): Fetch {
  return async (input, init) => {
    const silence = new AbortController();
    const timer = setTimeout(
      () => silence.abort(new DOMException("nothing was answered", "TimeoutError")),
      silenceMs,
    );
    const given = init?.signal ?? undefined;
    const signal = given ? AbortSignal.any([given, silence.signal]) : silence.signal;
    try {
      const response = await fetch(input, { ...init, signal });
      tell(!nobodyThere.has(response.status));
      return response;
    } catch (error) {
      if (!given?.aborted || isTimeout(given.reason)) tell(false);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
