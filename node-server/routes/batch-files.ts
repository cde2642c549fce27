/** Vouchers ordered by an encrypted file, the progress of a batch, and its answer file (GovStack vouchers, batch file). */
import { OpenAPIHono } from "@hono/zod-openapi";
import { fieldOfNoText } from "#core/json.ts";
import { acceptBatchFile } from "../batch-files/accept.ts";
import { answerContent } from "../batch-files/answer.ts";
import { sealFile } from "../batch-files/container.ts";
import type { BoxKey } from "../batch-files/container.ts";
import type { RequestHeader } from "../batch-files/request.ts";
import { spool } from "../batch-files/spool.ts";
import { FileRefused } from "../batch-files/refusal.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header, requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { BatchProgress, BatchRow } from "../ports/store.ts";
import { fileProblem } from "./batch-file-answers.ts";
import { answered } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { limitUploads } from "./upload-limit.ts";
import { acceptProblem } from "./voucher-answers.ts";

export interface BatchFileRouteDependencies extends VoucherRouteDependencies {
  readonly randomBytes: (length: number) => Uint8Array;
  /** The key of the boxes between the server and an institution. */
  readonly boxKeyWith: (institutionPublicKey: Uint8Array) => BoxKey;
}

/** Twice what the most items of a file take with fields of the usual length. */
export const mostBatchFileBytes = 64 * 1024 * 1024;

const mostUploads = 4;

export function batchFileRoutes(deps: BatchFileRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  const receiveFile = limitUploads(mostUploads, (c: Caller) => receive(deps, c));
  routes.post("/vouchers/batches", (c) => receiveFile(c));
  routes.get("/vouchers/batches/:batchID", async (c) => {
    const { batch, progress } = await find(deps, c, c.req.param("batchID"));
    return c.json(progressAnswer(batch, progress));
  });
  routes.get("/vouchers/batches/:batchID/file", (c) => answerFile(deps, c, c.req.param("batchID")));
  return routes;
}

async function receive(deps: BatchFileRouteDependencies, c: Caller): Promise<Response> {
  const institutionId = c.get("institutionId");
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const callbackUrl = header(c, "X-Callback-URL") ?? null;
  if (callbackUrl !== null)
    await deps.checkCallbackUrl(institutionId, requiredHeader(c, "X-Callback-URL", 100));
  const boxKey = await boxKeyOf(deps, institutionId);
  const file = await spoolBody(c, mostBatchFileBytes);
  try {
    const outcome = await acceptBatchFile(deps, { institutionId, callbackUrl, file, boxKey, answer });
    if (!outcome.ok) throw fileProblem(outcome.file);
    return answered(c, outcome.acceptance, outcome.header.requestID);
  } finally {
    await file.remove();
  }
}

export async function spoolBody(c: Caller, mostBytes: number) {
  const tooLarge = new FileRefused({ code: "too-large", mostBytes });
  if (Number(c.req.header("content-length") ?? 0) > mostBytes) throw fileProblem(tooLarge.refusal);
  try {
    return await spool(c.req.raw.body ?? new Blob([]).stream(), mostBytes);
  } catch (error) {
    if (error instanceof FileRefused) throw fileProblem(error.refusal);
    throw error;
  }
}

function answer({ requestID, batchID }: RequestHeader, total: number) {
  const body = {
    ResponseCode: "00",
    ResponseDescription: "Voucher batch file received",
    RequestID: requestID,
    batchID,
    total,
  };
  return { status: 200, body: JSON.stringify(body) };
}

async function answerFile(deps: BatchFileRouteDependencies, c: Caller, batchId: string): Promise<Response> {
  const { batch, progress } = await find(deps, c, batchId);
  if (!progress.complete) {
    throw new Problem(409, "The batch is not complete yet", [], batch.requestId);
  }
  const boxKey = await boxKeyOf(deps, batch.institutionId);
  return new Response(ReadableStream.from(delivered(deps, batch, progress, boxKey)), {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": 'attachment; filename="answer.ppbf"',
    },
  });
}

/** Only who has come to the end of the file has its numbers, and from then on their days are counted. */
async function* delivered(
  { store, randomBytes }: BatchFileRouteDependencies,
  batch: BatchRow,
  progress: BatchProgress,
  boxKey: BoxKey,
): AsyncGenerator<Uint8Array> {
  yield* sealFile("answer", boxKey, answerContent(store, batch, progress), randomBytes);
  await store.transaction((tx) => tx.batches.markDelivered(batch.id));
}

async function find(
  { store }: BatchFileRouteDependencies,
  c: Caller,
  batchId: string,
): Promise<{ readonly batch: BatchRow; readonly progress: BatchProgress }> {
  const found = await store.transaction(async (tx) => {
    if (fieldOfNoText(batchId) !== undefined) return undefined;
    const batch = await tx.batches.byBatchId(c.get("institutionId"), batchId);
    return batch && { batch, progress: await tx.batches.progress(batch.id) };
  });
  if (!found) throw new Problem(404, `There is no batch ${batchId.slice(0, 50)}`);
  return found;
}

export async function boxKeyOf(deps: BatchFileRouteDependencies, institutionId: string): Promise<BoxKey> {
  const institution = await deps.store.transaction((tx) => tx.registry.institution(institutionId));
  if (!institution) throw acceptProblem("unknown-institution");
  if (!institution.boxPublicKey) throw acceptProblem("no-encryption-key");
  return deps.boxKeyWith(institution.boxPublicKey);
}

function progressAnswer(batch: BatchRow, { total, created, failed, complete }: BatchProgress) {
  return {
    requestID: batch.requestId,
    batchID: batch.batchId,
    total,
    created,
    failed,
    state: complete ? "complete" : "issuing",
  };
}
