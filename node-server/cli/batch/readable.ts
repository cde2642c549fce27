/** An answer file as a CSV that its institution can read: the voucher numbers decrypted. */
import nacl from "tweetnacl";
import { z } from "zod";
import { parseSerial } from "#core/voucher-number.ts";
import { openFile } from "../../batch-files/container.ts";
import type { BoxKey } from "../../batch-files/container.ts";
import { linesOf } from "../../batch-files/lines.ts";
import type { Line } from "../../batch-files/lines.ts";
import { FileRefused } from "../../batch-files/refusal.ts";
import { fileProblem } from "../../routes/batch-file-answers.ts";
import { decryptNumberUnder } from "../../vouchers/numbers.ts";
import { UsageError } from "../command.ts";
import { csvLine } from "../../read-csv.ts";
import { replaceFile } from "../../durable-file.ts";

export interface BoxKeys {
  readonly secretKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

const headerSchema = z.object({
  requestID: z.string(),
  batchID: z.string(),
  total: z.number(),
  created: z.number(),
  failed: z.number(),
});

export type AnswerHeader = z.infer<typeof headerSchema>;

const itemSchema = z.object({
  uniqueId: z.string(),
  status: z.string(),
  serialNumber: z.string().optional(),
  voucherNumber: z.string().optional(),
  expiryDate: z.string().optional(),
  failureReason: z.string().optional(),
});

const columns = [
  "uniqueId",
  "status",
  "serialNumber",
  "voucherNumber",
  "expiryDate",
  "failureReason",
] as const;

/** Writes the CSV once the whole file has opened. Throws a UsageError for one that is not whole, or not for these keys. */
export async function writeReadable(
  path: string,
  file: AsyncIterable<Uint8Array>,
  keys: BoxKeys,
): Promise<AnswerHeader> {
  const boxKey = nacl.box.before(keys.serverKey, keys.secretKey);
  try {
    let header: AnswerHeader | undefined;
    await replaceFile(path, async (write) => {
      const lines = linesOf(openFile("answer", boxKey, file), mostLineBytes);
      header = headerSchema.parse(JSON.parse((await lines.next()).value?.text ?? ""));
      await write(csvLine(columns));
      const count = await writeRows(write, lines, boxKey);
      if (count !== header.total) throw new UsageError("The answer file lacks items. Fetch it again.");
    });
    if (!header) throw new Error("an answer file has a header");
    return header;
  } catch (error) {
    if (error instanceof FileRefused)
      throw new UsageError(`The answer file: ${fileProblem(error.refusal).message}`);
    throw error;
  }
}

const mostLineBytes = 65_536;

async function writeRows(
  write: (text: string) => Promise<void>,
  lines: AsyncIterable<Line>,
  boxKey: BoxKey,
): Promise<number> {
  let count = 0;
  let text = "";
  for await (const line of lines) {
    text += rowOf(line.text, boxKey);
    count += 1;
    if (count % 1_000 !== 0) continue;
    await write(text);
    text = "";
  }
  await write(text);
  return count;
}

function rowOf(line: string, boxKey: BoxKey): string {
  const item = itemSchema.parse(JSON.parse(line));
  const { serialNumber = "", voucherNumber } = item;
  if (voucherNumber === undefined) return csvLine(columns.map((name) => item[name] ?? ""));
  const number = decryptNumberUnder(boxKey, parseSerial(serialNumber) ?? 0n, voucherNumber);
  if (number === undefined) throw new UsageError(`The number of voucher ${serialNumber} does not decrypt`);
  return csvLine(columns.map((name) => (name === "voucherNumber" ? number : (item[name] ?? ""))));
}
