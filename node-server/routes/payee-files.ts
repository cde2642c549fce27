/** Payees by an encrypted file, in the container of batch files (docs/api.md); the account mapper's own way of bulk. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { openFile } from "../batch-files/container.ts";
import { FileRefused } from "../batch-files/refusal.ts";
import { acceptPayeeFile } from "../mapper/payee-file.ts";
import type { PayeeFileHeader } from "../mapper/payee-file.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header, requiredHeader } from "../middleware/headers.ts";
import { fileProblem } from "./batch-file-answers.ts";
import { boxKeyOf, spoolBody } from "./batch-files.ts";
import type { BatchFileRouteDependencies } from "./batch-files.ts";
import { answered, callbackOf } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";
import { limitUploads } from "./upload-limit.ts";

/** A million payees with fields of usual length take half of it. */
export const mostPayeeFileBytes = 512 * 1024 * 1024;

const mostUploads = 2;

export function payeeFileRoutes(deps: BatchFileRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  const receiveFile = limitUploads(mostUploads, (c: Caller) => receive(deps, c));
  routes.post("/identityAccountMapper/files", (c) => receiveFile(c));
  return routes;
}

async function receive(deps: BatchFileRouteDependencies, c: Caller): Promise<Response> {
  const institutionId = c.get("institutionId");
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const callbackUrl = header(c, "X-Callback-URL") === undefined ? null : await callbackOf(deps, c);
  const boxKey = await boxKeyOf(deps, institutionId);
  const file = await spoolBody(c, mostPayeeFileBytes);
  try {
    const { header: read, acceptance } = await acceptPayeeFile(deps.store, {
      institutionId,
      callbackUrl,
      content: () => openFile("request", boxKey, file.read()),
      indexKey: deps.indexKey,
      answer,
    });
    return answered(c, acceptance, read.requestID);
  } catch (error) {
    if (error instanceof FileRefused) throw fileProblem(error.refusal);
    throw error;
  } finally {
    await file.remove();
  }
}

function answer({ requestID }: PayeeFileHeader, total: number) {
  const body = {
    responseCode: "00",
    responseDescription: "Payee file received",
    requestID,
    total,
  };
  return { status: 200, body: JSON.stringify(body) };
}
