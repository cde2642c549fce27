/**
 * `paypost vouchers batch FILE`: sends a file of vouchers, waits until they are made and writes them down readable. It can
 * be interrupted at any point: run again, it goes on, since the request's id is remembered and follows from the file.
 */
import { access } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import nacl from "tweetnacl";
import { sealFile } from "../../batch-files/container.ts";
import { UsageError } from "../command.ts";
import { readMemory, writeMemory } from "./memory.ts";
import type { Memory } from "./memory.ts";
import { readPlainFile } from "./plain-file.ts";
import type { PlainFile } from "./plain-file.ts";
import { writeReadable } from "./readable.ts";
import type { AnswerHeader } from "./readable.ts";
import { fetchAnswer, fetchProgress, fetchServerKey, upload } from "./server-calls.ts";
import type { Caller, Progress } from "./server-calls.ts";

export interface BatchOrder {
  readonly path: string;
  readonly programId: string | null;
  readonly caller: Caller;
  readonly secretKey: Uint8Array;
  /** Where it is known: another key of the server is then refused. */
  readonly serverKey: Uint8Array | null;
  readonly callbackUrl: string | null;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly tell: (progress: string) => void;
}

export interface BatchOutcome extends AnswerHeader {
  /** Where the vouchers are, readable for their owner. */
  readonly file: string;
}

export async function sendBatch(order: BatchOrder): Promise<BatchOutcome> {
  const { path, caller } = order;
  const answerPath = `${path}.vouchers.csv`;
  if (await exists(answerPath))
    throw new UsageError(
      `${answerPath} is there already: this file is done. Move it away to fetch it again.`,
    );
  const plain = await readPlainFile(path, order.programId);
  const memory = await remember(order, plain);
  const serverKey = await serverKeyOf(order);
  if (!memory.accepted) {
    await send(order, plain, serverKey);
    await writeMemory(memoryPath(path), { ...memory, accepted: true });
  }
  await untilComplete(order, memory.batchID);
  const file = await fetchAnswer(caller, memory.batchID);
  const header = await writeReadable(answerPath, file, { secretKey: order.secretKey, serverKey });
  if (header.requestID !== memory.requestID || header.batchID !== memory.batchID)
    throw new UsageError("The server answered with the file of another batch");
  return { ...header, file: answerPath };
}

async function remember({ path, caller }: BatchOrder, plain: PlainFile): Promise<Memory> {
  const { requestID, batchID } = plain.header;
  const known = await readMemory(memoryPath(path));
  if (!known) {
    const memory = { server: caller.server, requestID, batchID, sha256: plain.sha256, accepted: false };
    await writeMemory(memoryPath(path), memory);
    return memory;
  }
  if (known.server !== caller.server)
    throw new UsageError(`${path} was sent to ${known.server} before; for ${caller.server} use a copy of it`);
  if (known.sha256 === plain.sha256 && known.requestID !== requestID)
    throw new UsageError(`${path} was sent under another --program before; give that one to go on`);
  if (known.sha256 !== plain.sha256)
    throw new UsageError(
      `${path} is not what it was when it was sent as batch ${known.batchID}. Put the old content back to go on ` +
        "with it; send new vouchers in a file of another name.",
    );
  return known;
}

async function serverKeyOf({ caller, serverKey }: BatchOrder): Promise<Uint8Array> {
  const published = await fetchServerKey(caller.server);
  if (published.length !== nacl.box.publicKeyLength)
    throw new UsageError(`${caller.server} publishes no key; is it a Paypost server?`);
  if (serverKey && !nacl.verify(serverKey, published))
    throw new UsageError(`${caller.server} has another key than --server-key says; nothing was sent`);
  return published;
}

async function send(order: BatchOrder, plain: PlainFile, serverKey: Uint8Array): Promise<void> {
  // Asked before the file is sent, so that a token that is not accepted is told of at once.
  await fetchProgress(order.caller, plain.header.batchID);
  order.tell(`sending ${plain.total} vouchers as batch ${plain.header.batchID}`);
  const boxKey = nacl.box.before(serverKey, order.secretKey);
  const body = () => sealFile("request", boxKey, plain.content(), order.randomBytes);
  await upload(order.caller, body, order.callbackUrl);
}

async function untilComplete({ caller, tell }: BatchOrder, batchId: string): Promise<void> {
  for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, 2_000)) {
    const progress = await fetchProgress(caller, batchId);
    if (!progress)
      throw new UsageError(`The server does not know the batch ${batchId} any more; ask its operator`);
    tell(textOf(progress));
    if (progress.state === "complete") return;
    await wait(pauseMs);
  }
}

function textOf({ total, created, failed }: Progress): string {
  const percent = total === 0 ? 100 : Math.floor((100 * (created + failed)) / total);
  return `${created} of ${total} vouchers made, ${failed} failed (${percent} %)`;
}

function memoryPath(path: string): string {
  return `${path}.batch.json`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
