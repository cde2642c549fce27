/**
 * Reads one shape with the official client. The client does not notice when its subscriber fails: it goes on, and the
 * rows are lost. So a failure here stops the stream before the callback returns, and whoever called begins again from
 * the stored head.
 */
import { FetchError, ShapeStream } from "@electric-sql/client";
import type { Message } from "@electric-sql/client";
import type { ShapeHead } from "../ports/shape-storage.ts";
import type { ServerLink } from "../ports/transport.ts";
import type { Sessions } from "../session.ts";
import { createConsumer } from "./consumer.ts";
import type { ConsumerParts, ShapeConsumer, ShapeMessage } from "./consumer.ts";
import { readRowsBeside } from "./rows-beside.ts";
import type { RowsBeside } from "./rows-beside.ts";

export interface StreamParts extends ConsumerParts {
  readonly link: ServerLink;
  readonly sessions: Sessions;
}

export interface StreamOptions {
  /** Follow the shape until the signal ends it; otherwise read it once, up to date. */
  readonly live: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch that was stored. */
  readonly onStored?: () => void;
}

export type StreamEnd =
  | { readonly kind: "up-to-date" }
  | { readonly kind: "aborted" }
  /** A batch could not be stored; nothing of it is. */
  | { readonly kind: "not-stored"; readonly error: unknown }
  /** What the link may cost today for reading is spent; nothing was asked. */
  | { readonly kind: "allowance-spent" }
  /** The server could not be read. `status` is undefined when there was no answer at all. */
  | { readonly kind: "not-read"; readonly status: number | undefined };

export async function readShape(parts: StreamParts, options: StreamOptions): Promise<StreamEnd> {
  if (parts.link.allowance?.isSpent("reading") === true) return { kind: "allowance-spent" };
  try {
    // Both read and write the storage: a failure there is told like one of a batch.
    const head = parts.reload ? undefined : parts.storage.head(parts.name);
    return await consume(parts, options, head, createConsumer(parts));
  } catch (error) {
    return { kind: "not-stored", error };
  }
}

function consume(
  { name, link, sessions }: StreamParts,
  options: StreamOptions,
  head: ShapeHead | undefined,
  consumer: ShapeConsumer,
): Promise<StreamEnd> {
  const controller = new AbortController();
  return new Promise((resolve) => {
    let ended = false;
    const end = (result: StreamEnd): void => {
      if (ended) return;
      ended = true;
      options.signal?.removeEventListener("abort", onAbort);
      controller.abort();
      stream.unsubscribeAll();
      resolve(result);
    };
    const onAbort = () => end({ kind: "aborted" });
    let renewals = 0;
    const beside = readRowsBeside(link.fetch);
    const stream = new ShapeStream({
      url: `${link.baseUrl}/v1/shapes/${name}`,
      ...(head && { handle: head.handle, offset: head.position as `${number}_${number}` }),
      subscribe: options.live,
      signal: controller.signal,
      headers: { authorization: async () => `Bearer ${await tokenOf(sessions)}` },
      fetchClient: beside.fetch,
      // Three quick tries ride out a short cut; a longer one is for the caller, who begins again from the head.
      backoffOptions: { initialDelay: 200, maxDelay: 2_000, multiplier: 2, maxRetries: 3 },
      warnOnHttp: false,
      onError(error) {
        const status = error instanceof FetchError ? error.status : undefined;
        if (status === 401 && renewals++ < 1) {
          sessions.renew();
          return {};
        }
        end({ kind: "not-read", status });
        return undefined;
      },
    });
    stream.subscribe(async (messages) => {
      if (ended) return;
      const position = { handle: stream.shapeHandle ?? "", position: stream.lastOffset };
      try {
        const upToDate = await consumer.receive(
          messages.flatMap((message) => toShapeMessages(message, beside)),
          position,
        );
        if (ended || !upToDate) return;
        renewals = 0;
        options.onStored?.();
        if (!options.live) end({ kind: "up-to-date" });
      } catch (error) {
        end({ kind: "not-stored", error });
      }
    });
    options.signal?.addEventListener("abort", onAbort);
    if (options.signal?.aborted) onAbort();
  });
}

/** Thrown inside the client, which hands it to `onError`. */
class NoSessionError extends Error {}

async function tokenOf(sessions: Sessions): Promise<string> {
  const session = await sessions.token();
  if (!session.ok) throw new NoSessionError("no session token");
  return session.token;
}

function toShapeMessages(message: Message, beside: RowsBeside): readonly ShapeMessage[] {
  if ("key" in message) return beside.take(message.key);
  const { headers } = message;
  const control = "control" in headers ? headers.control : undefined;
  return control === "up-to-date" || control === "must-refetch" ? [{ control }] : [];
}
