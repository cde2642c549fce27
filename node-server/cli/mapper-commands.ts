/** Commands about the account mapper: payees by file, and how far such a file is. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { publicKeyRefusal } from "#sync/signing/ed25519-strict.ts";
import { FileRefused } from "../batch-files/refusal.ts";
import { listConflicts } from "../mapper/conflicts.ts";
import { acceptPayeeFile } from "../mapper/payee-file.ts";
import type { PayeeFileHeader } from "../mapper/payee-file.ts";
import { serveProgramme } from "../mapper/serve-programme.ts";
import type { MapperProgress, MapperResult } from "../ports/mapper.ts";
import type { Store } from "../ports/store.ts";
import { putSigningKey } from "../postgres/registry-admin.ts";
import { fileProblem } from "../routes/batch-file-answers.ts";
import { acceptProblem } from "../routes/voucher-answers.ts";
import { csvRecords } from "./batch/csv-file.ts";
import { done, keyOf, nameOf, option, UsageError, words } from "./command.ts";
import type { Command, CommandContext, Options } from "./command.ts";
import { createProgressLine } from "./progress-line.ts";
import { table } from "./table.ts";

export const mapperCommands: readonly (readonly [string, Command])[] = [
  [
    "payees load",
    {
      database: true,
      usage: "payees load FILE --institution ID [--program ID] [--update]",
      summary:
        "register (or update) the payees of a CSV file for an institution, and show how far it is; the running server does the work. Run again, it tells how far the same file is",
      async run(context, args, options) {
        const [path] = words(this.usage, args, 1);
        const institutionId = option(options, "institution");
        if (institutionId === null)
          throw new UsageError(`--institution is missing. Usage: paypost ${this.usage}`);
        const requestId = await load(context, path, institutionId, options);
        const progress = await untilComplete(context.store, institutionId, requestId);
        const failures = await failuresOf(context.store, institutionId, requestId);
        const text =
          `${progress.done - progress.failed} of ${progress.total} payees are done, ${progress.failed} failed ` +
          `(request ${requestId}).` +
          (failures.length === 0
            ? ""
            : `\n${failureTable(failures)}${failures.length < progress.failed ? "\n… and more" : ""}`);
        return done(text, { requestId, ...progress, failures });
      },
    },
  ],
  [
    "node serve",
    {
      database: true,
      usage: "node serve NODE PROGRAM --institution ID --by NAME [--area AREA] [--no-more]",
      summary:
        "let an agent's node look up, register and update the payees of a programme, in one area or in all; --no-more takes it away",
      async run({ asServer }, args, options) {
        const [nodeId, programId] = words(this.usage, args, 2);
        const by = nameOf(this.usage, options);
        const institutionId = option(options, "institution");
        const area = option(options, "area");
        if (institutionId === null)
          throw new UsageError(`--institution is missing. Usage: paypost ${this.usage}`);
        const isGranted = options["no-more"] !== true;
        const outcome = await asServer(({ store }) =>
          serveProgramme(store, { nodeId, programId, institutionId, area, by, isGranted }),
        );
        if (outcome === "no-such-node") throw new UsageError(`There is no node ${nodeId}; see nodes`);
        if (outcome === "no-such-institution")
          throw new UsageError(`The institution ${institutionId} is not registered; see institution add`);
        const where = area === null ? "" : ` in ${area}`;
        return done(
          isGranted
            ? `The node serves ${programId}${where}; it gets the payees with its next sync.`
            : `The node serves ${programId} no more.`,
          { nodeId, programId, institutionId, area, isGranted },
        );
      },
    },
  ],
  [
    "institution signing-key",
    {
      database: true,
      usage: "institution signing-key ID BASE64|none",
      summary:
        "the Ed25519 key that an institution signs its G2P Connect messages with; from then on each must be signed",
      async run({ pool }, args) {
        const [id, text] = words(this.usage, args, 2);
        const key = text === "none" ? null : keyOf(text);
        if (key && publicKeyRefusal(key) !== undefined)
          throw new UsageError("This is no Ed25519 public key, or one that anybody could sign for");
        if (!(await putSigningKey(pool, id, key)))
          throw new UsageError(`The institution ${id} is not registered; see institution add`);
        return done(key ? `${id} signs its messages.` : `${id} signs no messages any more.`, {
          id,
          signs: key !== null,
        });
      },
    },
  ],
  [
    "payees conflicts",
    {
      database: true,
      usage: "payees conflicts",
      summary:
        "show offline updates of payees that were changed meanwhile, both versions of each; `held propose` and `held decide` say which one counts",
      async run({ asServer }) {
        const conflicts = await asServer(({ store, context }) => listConflicts(context, store));
        const text = conflicts.map(({ hash, identity, node, sequence, since, here, there }) =>
          [
            `${hash.slice(0, 12)}  ${identity}, changed by node ${node} (number ${sequence}), which waits since ${since}`,
            `  the node says:   ${there}`,
            `  the server says: ${here}`,
          ].join("\n"),
        );
        return done(text.length === 0 ? "There are no conflicts." : text.join("\n"), conflicts);
      },
    },
  ],
];

async function load(
  { asServer, loadKeys, store }: CommandContext,
  path: string,
  institutionId: string,
  options: Options,
): Promise<string> {
  const header = {
    requestID: "",
    action: options["update"] === true ? "update" : "register",
    programID: option(options, "program") ?? undefined,
  } as const;
  if (!(await store.transaction((tx) => tx.registry.institution(institutionId))))
    throw new UsageError(`The institution ${institutionId} is not registered; see institution add`);
  const { indexKey } = (await loadKeys()).keys;
  try {
    // Named after what it holds: the same file for the same purpose is the same request.
    const requestID = await idOf(path, JSON.stringify(header));
    const content = () => contentOf(path, { ...header, requestID });
    const file = { institutionId, callbackUrl: null, content, indexKey, answer: () => received };
    const { acceptance } = await asServer(({ store }) => acceptPayeeFile(store, file));
    if (!acceptance.ok) throw new UsageError(acceptProblem(acceptance.refusal).message);
    return requestID;
  } catch (error) {
    if (error instanceof FileRefused) throw new UsageError(`${path}: ${fileProblem(error.refusal).message}`);
    if (error instanceof SyntaxError) throw new UsageError(`${path}: ${error.message}`);
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new UsageError(`There is no file ${path}`);
    throw error;
  }
}

/** Nobody reads it: the command tells of the request itself. */
const received = { status: 200, body: "{}" };

const columns = [
  "payeeIdentity",
  "paymentModality",
  "bankingInstitutionCode",
  "financialAddress",
  "status",
  "replaces",
  "area",
];

const textEncoder = new TextEncoder();

async function* contentOf(path: string, header: PayeeFileHeader): AsyncGenerator<Uint8Array> {
  yield textEncoder.encode(`${JSON.stringify(header)}\n`);
  for await (const { record } of csvRecords(path, { columns, required: ["payeeIdentity"] }))
    yield textEncoder.encode(`${JSON.stringify(record)}\n`);
}

async function idOf(path: string, purpose: string): Promise<string> {
  const hash = createHash("sha256").update(purpose);
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex").slice(0, 12);
}

async function untilComplete(
  store: Store,
  institutionId: string,
  requestId: string,
): Promise<MapperProgress> {
  const line = createProgressLine(process.stderr);
  try {
    for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, 2_000)) {
      const progress = await store.transaction(async (tx) => {
        const request = await tx.mapperRequests.byRequestId(institutionId, requestId);
        if (!request) throw new Error(`the request ${requestId} was stored and is not there`);
        return tx.mapperRequests.progress(request.id);
      });
      const { done: finished, total } = progress;
      line.show(
        `${finished} of ${total} payees (${total === 0 ? 100 : Math.floor((100 * finished) / total)} %)`,
      );
      if (progress.complete) return progress;
      await wait(pauseMs);
    }
  } finally {
    line.end();
  }
}

const mostShown = 100;

function failuresOf(store: Store, institutionId: string, requestId: string): Promise<MapperResult[]> {
  return store.transaction(async (tx) => {
    const request = await tx.mapperRequests.byRequestId(institutionId, requestId);
    return request ? tx.mapperRequests.failures(request.id, { index: 0, size: mostShown }) : [];
  });
}

function failureTable(failures: readonly MapperResult[]): string {
  return table(
    ["row", "payee", "why"],
    failures.map(({ line, payeeIdentity, failureReason }) => [
      String(line),
      payeeIdentity ?? "",
      failureReason ?? "",
    ]),
  );
}
