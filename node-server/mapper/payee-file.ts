/**
 * A file of payees: JSON Lines, a header and then one payee a line. It is read twice, once to its end, so that a file with
 * any mistake is refused whole, and once into the transaction that stores it. A worker goes through it after that.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "@hono/zod-openapi";
import { linesOf } from "../batch-files/lines.ts";
import { checked, malformed, valueOf } from "../batch-files/request.ts";
import { hashed, slicesOf } from "../batch-files/streams.ts";
import type { MapperItem } from "../ports/mapper.ts";
import type { Store, Tx } from "../ports/store.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted } from "../accept-once.ts";
import { jobOf } from "../vouchers/accept.ts";
import { itemOf, payeeItem } from "./payee-item.ts";

export const payeeFileHeader = z.object({
  requestID: z.string().min(1).max(12),
  action: z.enum(["register", "update"]).default("register"),
  programID: z.string().min(1).max(20).optional(),
});

export type PayeeFileHeader = z.infer<typeof payeeFileHeader>;

export const mostPayees = 2_000_000;
const mostLineBytes = 4_096;

export interface PayeeFile {
  readonly institutionId: string;
  readonly callbackUrl: string | null;
  /** From the beginning, as often as wanted. */
  readonly content: () => AsyncIterable<Uint8Array>;
  /** Keys the hash that a repeated file is known by. */
  readonly indexKey: Uint8Array;
  readonly answer: (header: PayeeFileHeader, total: number) => Accepted;
}

export interface AcceptedFile {
  readonly header: PayeeFileHeader;
  readonly total: number;
  readonly acceptance: Acceptance<never>;
}

/** Throws FileRefused. */
export async function acceptPayeeFile(store: Store, file: PayeeFile): Promise<AcceptedFile> {
  const hash = hmac.create(sha256, file.indexKey).update(utf8ToBytes("payee-file/"));
  const { header, items } = await readPayeeFile(hashed(file.content(), hash));
  let total = 0;
  for await (const { line } of items) total = line;
  if (total === 0) throw malformed("the file", "", "has no payees");
  const { institutionId, callbackUrl } = file;
  const { requestID: requestId, action, programID = null } = header;
  const request = {
    institutionId,
    action,
    face: "current",
    requestId,
    requestKey: requestId,
    batchId: null,
    programId: programID,
    callbackUrl,
    about: null,
  } as const;
  // The same calls and ids as those of a request in JSON: a file is one more way to make it.
  const key = { institutionId, call: `mapper/${action}`, requestId };
  const known = async (tx: Tx) => jobOf("map-payees", await tx.mapperRequests.byKey(request));
  const identity = { key, bodyHash: hash.digest() };
  const acceptance = await acceptOnce<never>(
    store,
    identity,
    file.answer(header, total),
    known,
    async (tx) => {
      const id = await tx.mapperRequests.insert(request);
      const { items: again } = await readPayeeFile(file.content());
      for await (const slice of slicesOf(again))
        await tx.mapperRequests.addItems({ id, institutionId }, slice);
      await tx.audit.record({
        actor: `institution:${institutionId}`,
        action: "mapper.file",
        subject: `mapper-request:${id}`,
        after: { requestId, action, total },
      });
      return jobOf("map-payees", id);
    },
  );
  return { header, total, acceptance };
}

interface ReadFile {
  readonly header: PayeeFileHeader;
  readonly items: AsyncIterable<MapperItem>;
}

async function readPayeeFile(content: AsyncIterable<Uint8Array>): Promise<ReadFile> {
  const lines = linesOf(content, mostLineBytes);
  const first = (await lines.next()).value;
  if (!first) throw malformed("line 1", "", "is missing");
  return { header: checked(payeeFileHeader, valueOf(first.text, "line 1"), "line 1"), items: itemsOf(lines) };
}

/** The header stands in line 1; items are numbered from 1. */
async function* itemsOf(lines: ReturnType<typeof linesOf>): AsyncGenerator<MapperItem> {
  for await (const { number, text } of lines) {
    const place = `line ${number}`;
    if (number - 1 > mostPayees)
      throw malformed(place, "", `is one payee too many: a file has at most ${mostPayees}`);
    yield itemOf(checked(payeeItem, valueOf(text, place), place), number - 1);
  }
}
