/** What a caller can read of its vouchers: one, a page of them, whether one is valid (GovStack Payments BB, vouchers). */
import type { z } from "@hono/zod-openapi";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { acrossInstitutions } from "../acting-institution.ts";
import { readBody } from "../middleware/body.ts";
import { Problem } from "../middleware/problem.ts";
import type { VoucherRow } from "../ports/store.ts";
import { statusOf } from "../vouchers/status.ts";
import { checkValidity } from "../vouchers/validity.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { pageOf } from "./paging.ts";
import { recordRead } from "./record-read.ts";
import { acceptProblem } from "./voucher-answers.ts";
import { validityRequest } from "./voucher-schemas.ts";

/** The voucher whole, or what `fields` names of it. Throws 403 for another institution's. */
export async function show(
  deps: VoucherRouteDependencies,
  c: Caller,
  serialNumber: string,
): Promise<Response> {
  const serial = parseSerial(serialNumber);
  // Another's is 403, and one that there is not 400: to tell them apart it has to be seen.
  const { voucher, now } = await acrossInstitutions(() =>
    deps.store.transaction(async (tx) => {
      const found = serial === undefined ? undefined : await tx.vouchers.find(serial);
      // Whoever may not see it has tried to.
      if (found) await recordRead(tx, c, "voucher.read", `voucher:${found.serial}`);
      return { voucher: found, now: await tx.now() };
    }),
  );
  if (!voucher) return c.json({ status: 9, message: "Not Existing", serialNumber, value: 0 }, 400);
  if (voucher.institutionId !== c.get("institutionId")) {
    throw new Problem(403, "The voucher belongs to another institution");
  }
  const fields = c.req.query("fields");
  switch (fields) {
    case undefined:
      return c.json(published(voucher, now));
    case "status": {
      const { status, statusName, serialNumber: printed, value } = published(voucher, now);
      return c.json({ status, statusName, serialNumber: printed, value });
    }
    case "token":
      return showToken(c, voucher);
    default:
      throw new Problem(400, `Unknown fields ${fields.slice(0, 50)}; use status or token`, [
        { field: "fields", reason: "must be status or token" },
      ]);
  }
}

/** A page of the caller's vouchers in the order of their serials; `page` counts from 1. */
export async function list(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const { page, size } = pageOf(c);
  const { total, rows, now } = await deps.store.transaction(async (tx) => {
    const institutionId = c.get("institutionId");
    const found = await tx.vouchers.page(institutionId, { index: page - 1, size });
    await recordRead(tx, c, "vouchers.read", `institution:${institutionId}`, { page, size });
    return { ...found, now: await tx.now() };
  });
  return c.json({ page, size, total, vouchers: rows.map((row) => published(row, now)) });
}

export async function validityByQuery(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const parsed = validityRequest.safeParse(c.req.query());
  if (!parsed.success) throw new Problem(400, "Give serialNumber, or voucherNumber and groupCode");
  return answerValidity(deps, c, parsed.data);
}

export async function validityByBody(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  return answerValidity(deps, c, await readBody(c, validityRequest));
}

async function answerValidity(
  deps: VoucherRouteDependencies,
  c: Caller,
  request: z.infer<typeof validityRequest>,
): Promise<Response> {
  const institutionId = c.get("institutionId");
  // Whoever redeems asks about anybody's vouchers.
  const validity = await acrossInstitutions(() =>
    deps.store.transaction(async (tx) => {
      // Wrong numbers are counted for those that are registered.
      if (!(await tx.registry.institution(institutionId))) throw acceptProblem("unknown-institution");
      return checkValidity(tx, deps.indexKey, institutionId, request);
    }),
  );
  if (validity === "too-many-wrong-numbers")
    throw new Problem(429, "Too many wrong voucher numbers were tried; try again in an hour");
  return c.json(validity);
}

function showToken(c: Caller, voucher: VoucherRow): Response {
  if (voucher.token === null)
    throw new Problem(400, "The voucher has no token: it is not activated, or purged");
  return c.json({ serialNumber: formatSerial(voucher.serial), token: voucher.token });
}

/** `now` is the database's: the same clock refuses the voucher everywhere. */
function published(voucher: VoucherRow, now: Date) {
  return {
    ...statusOf(voucher, now),
    serialNumber: formatSerial(voucher.serial),
    value: rawNumber(formatMajor(voucher)),
    currency: voucher.currency,
    groupCode: voucher.groupCode,
    programID: voucher.programId,
    expiryDate: voucher.expiresAt.toISOString(),
    ...(voucher.activatedAt ? { activationDate: voucher.activatedAt.toISOString() } : {}),
    ...(voucher.pending ? { pending: voucher.pending } : {}),
    ...(voucher.replaces === null ? {} : { replacesSerialNumber: formatSerial(voucher.replaces) }),
    ...(voucher.replacedBy === null ? {} : { replacedBy: formatSerial(voucher.replacedBy) }),
  };
}
