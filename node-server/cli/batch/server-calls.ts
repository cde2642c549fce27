/** The calls of a batch file, as an institution makes them: tried again while the server is away or busy. */
import { setTimeout as wait } from "node:timers/promises";
import { decodeJwt } from "jose";
import { z } from "zod";
import { UsageError } from "../command.ts";

export interface Caller {
  /** Without a trailing slash. */
  readonly server: string;
  readonly token: string;
}

export interface Progress {
  readonly requestID: string;
  readonly batchID: string;
  readonly total: number;
  readonly created: number;
  readonly failed: number;
  readonly state: "issuing" | "complete";
}

export async function fetchServerKey(server: string): Promise<Uint8Array> {
  const response = await call(() => fetch(`${server}/v1/keys`));
  const { boxPublicKey = "" } = (await response.json()) as { boxPublicKey?: string };
  return new Uint8Array(Buffer.from(boxPublicKey, "base64"));
}

/** `body` is asked for anew at each try. */
export async function upload(
  caller: Caller,
  body: () => AsyncIterable<Uint8Array>,
  callbackUrl: string | null,
): Promise<void> {
  const headers = {
    ...identity(caller),
    "content-type": "application/octet-stream",
    "X-Registering-Institution-ID": institutionOf(caller.token),
    ...(callbackUrl === null ? {} : { "X-Callback-URL": callbackUrl }),
  };
  const send = () =>
    fetch(`${caller.server}/vouchers/batches`, {
      method: "POST",
      headers,
      body: ReadableStream.from(body()),
      duplex: "half",
    });
  await (await call(send)).body?.cancel();
}

/** Undefined while the server has no such batch. */
export async function fetchProgress(caller: Caller, batchId: string): Promise<Progress | undefined> {
  const url = `${caller.server}/vouchers/batches/${encodeURIComponent(batchId)}`;
  const response = await call(() => fetch(url, { headers: identity(caller) }), [404]);
  const answer = (await response.json()) as Progress;
  return response.ok ? answer : undefined;
}

export async function fetchAnswer(caller: Caller, batchId: string): Promise<AsyncIterable<Uint8Array>> {
  const url = `${caller.server}/vouchers/batches/${encodeURIComponent(batchId)}/file`;
  const { body } = await call(() => fetch(url, { headers: identity(caller) }));
  if (!body) throw new UsageError("The server sent an empty answer file. Run the same command again.");
  return body;
}

const mostTries = 6;
const goOn = "Run the same command again to go on; nothing is made twice.";

async function call(send: () => Promise<Response>, expected: readonly number[] = []): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send().catch((error: unknown) => unreachable(error));
    if (answer instanceof Response && (answer.ok || expected.includes(answer.status))) return answer;
    const isWorthRetrying = !(answer instanceof Response) || answer.status >= 500 || answer.status === 429;
    if (!isWorthRetrying || tries === mostTries) throw await failureOf(answer);
    if (answer instanceof Response) await answer.body?.cancel();
    await wait(250 * 2 ** tries);
  }
}

/** `fetch` hides the reason in the error's cause. */
function unreachable(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (error instanceof UsageError) throw error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause ? `${String(cause.code)}: ${cause.message}` : cause.message;
}

async function failureOf(answer: Response | string): Promise<UsageError> {
  if (typeof answer === "string") return new UsageError(`The server cannot be reached (${answer}). ${goOn}`);
  const text = await answer.text();
  const told = toldIn(text);
  switch (answer.status) {
    case 401:
      return new UsageError(`The server does not accept the token in PAYPOST_TOKEN: ${told} ${goOn}`);
    case 403:
      return new UsageError(`The server does not allow it: ${told}`);
    case 400:
    case 409:
    case 413:
      return new UsageError(`The server refuses the file, and made nothing of it: ${told}`);
    default:
      return new UsageError(`The server answers ${answer.status}: ${told} ${goOn}`);
  }
}

/** What a refusal says of itself, or the beginning of whatever else was answered. */
function toldIn(text: string): string {
  try {
    return `${refusalSchema.parse(JSON.parse(text)).responseDescription}.`;
  } catch {
    return text.slice(0, 200);
  }
}

const refusalSchema = z.object({ responseDescription: z.string() });

function identity({ token }: Caller): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function institutionOf(token: string): string {
  try {
    const { client_id: client, sub } = decodeJwt<{ client_id?: string }>(token);
    return client ?? sub ?? "";
  } catch {
    throw new UsageError("PAYPOST_TOKEN holds no token (a JWT) of the institution");
  }
}
