/**
 * The server's log: one line of JSON for each thing, with what belongs together (`./correlation.ts`). Secrets and people's data
 * have no business in it: whoever logs leaves them out, and what is named like one is hidden here all the same.
 */
import { pino, stdSerializers } from "pino";
import type { DestinationStream, Level, Logger } from "pino";
import { currentCorrelation } from "./correlation.ts";

const hidden = [
  "authorization",
  "cookie",
  "token",
  "secret",
  "password",
  "passphrase",
  "key",
  "seed",
  "number",
  "voucherNumber",
  "voucherSecretNumber",
  "phone",
  "email",
  "address",
  "account",
  "payeeIdentity",
  "payeeFunctionalID",
  "connectionString",
];

/** Two levels deep, which is as deep as anything is logged. */
const paths = hidden.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export function createLog(level: Level | "silent", destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: { paths, censor: "[hidden]" },
    serializers: { err: errorToLog },
    mixin() {
      const correlationId = currentCorrelation();
      return correlationId === undefined ? {} : { correlationId };
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Of the database's errors neither the detail nor the query, which repeat values of rows; and no properties that it happens to have. */
function errorToLog(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = stdSerializers.err(error);
  const named = ["code", "constraint", "table", "routine"].flatMap((name) => {
    const value = (error as unknown as Record<string, unknown>)[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  const facts = Object.fromEntries(named);
  // Class 22: the message quotes the value that was wrong.
  if (facts["code"]?.startsWith("22") === true) return { type, ...facts, stack: framesOf(stack) };
  return { type, message, stack, ...facts };
}

function framesOf(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .join("\n");
}
