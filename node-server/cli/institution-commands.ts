/** What an institution does from the command line, with its own key and token and without a database. */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import nacl from "tweetnacl";
import { parseSerial } from "#core/voucher-number.ts";
import { parseServerUrl } from "#sync/server-url.ts";
import { decryptNumber } from "../vouchers/numbers.ts";
import { writeReadable } from "./batch/readable.ts";
import { sendBatch } from "./batch/send.ts";
import { done, keyOf, option, UsageError, words } from "./command.ts";
import type { Command, CommandResult, Options } from "./command.ts";
import { createProgressLine } from "./progress-line.ts";

export const institutionCommands: readonly (readonly [string, Command])[] = [
  [
    "keygen",
    {
      database: false,
      usage: "keygen",
      summary: "make a key pair for an institution: the public half goes to `institution add --box-key`",
      run() {
        const { publicKey, secretKey } = nacl.box.keyPair();
        const data = { publicKey: base64(publicKey), secretKey: base64(secretKey) };
        return done(
          `public key: ${data.publicKey}\nsecret key: ${data.secretKey}   (keep it; whoever has it can read the voucher numbers)`,
          data,
        );
      },
    },
  ],
  [
    "decrypt",
    {
      database: false,
      usage:
        "decrypt SERIAL VOUCHER-NUMBER | ANSWER-FILE --server-key BASE64   (the secret key in PAYPOST_BOX_SECRET)",
      summary:
        "read a voucherNumber of a callback, or an answer file into ANSWER-FILE.csv; the server's key is `boxPublicKey` of /v1/keys",
      run(args, options) {
        if (args.length === 1) return decryptFile(args[0] ?? "", options);
        const [serialNumber, ciphertext] = words(this.usage, args, 2);
        const serial = parseSerial(serialNumber);
        if (serial === undefined) throw new UsageError(`${serialNumber} is not a serial number`);
        const number = decryptNumber(secretKey(), serverKeyOf(options), serial, ciphertext);
        if (number === undefined)
          throw new UsageError("This does not open: it is for another key or serial, or was changed");
        return done(number, { serialNumber, voucherNumber: number });
      },
    },
  ],
  [
    "vouchers batch",
    {
      database: false,
      usage:
        "vouchers batch FILE --server URL [--program ID] [--callback URL] [--server-key BASE64]   (PAYPOST_TOKEN, PAYPOST_BOX_SECRET)",
      summary:
        "create vouchers from a CSV, JSON Lines or JSON file and write them to FILE.vouchers.csv; run again, it goes on where it was interrupted",
      async run(args, options) {
        const [path] = words(this.usage, args, 1);
        const progress = createProgressLine(process.stderr);
        try {
          return outcomeOf(
            await sendBatch({ ...orderOf(options), path, tell: (text) => progress.show(text) }),
          );
        } finally {
          progress.end();
        }
      },
    },
  ],
];

function orderOf(options: Options) {
  const server = parseServerUrl(option(options, "server") ?? "");
  if (!server.ok)
    throw new UsageError("--server must be the URL of the server: https, or http on this machine");
  const token = process.env["PAYPOST_TOKEN"];
  if (!token) throw new UsageError("Put a token of the institution into PAYPOST_TOKEN");
  return {
    programId: option(options, "program"),
    caller: { server: server.url, token },
    secretKey: secretKey(),
    serverKey: option(options, "server-key") === null ? null : serverKeyOf(options),
    callbackUrl: option(options, "callback"),
    randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
  };
}

function outcomeOf(outcome: Awaited<ReturnType<typeof sendBatch>>): CommandResult {
  const { created, failed, batchID, file } = outcome;
  const reasons = failed === 0 ? "" : " Why some failed is in its column failureReason.";
  return done(
    `${created} vouchers made, ${failed} failed (batch ${batchID}). They are in ${file}.${reasons}`,
    outcome,
  );
}

async function decryptFile(path: string, options: Options): Promise<CommandResult> {
  const file = `${path}.csv`;
  const keys = { secretKey: secretKey(), serverKey: serverKeyOf(options) };
  const header = await writeReadable(file, createReadStream(path), keys).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new UsageError(`${path} cannot be read: ${error.message}`);
    throw error;
  });
  return done(`${header.created} vouchers of batch ${header.batchID} are in ${file}.`, { ...header, file });
}

function secretKey(): Uint8Array {
  const secret = process.env["PAYPOST_BOX_SECRET"];
  if (secret === undefined) throw new UsageError("Put the institution's secret key into PAYPOST_BOX_SECRET");
  return keyOf(secret);
}

function serverKeyOf(options: Options): Uint8Array {
  return keyOf(option(options, "server-key") ?? "");
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
