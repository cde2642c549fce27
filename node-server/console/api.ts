/**
 * `/console/api/{action}`: whoever calls is asked who they are, what they may do, and only then what they want. Everything that
 * is changed, and every reading of vouchers and of people, is told in the audit trail with its address.
 */
import { Hono } from "hono";
import { z } from "zod";
import { toCsv } from "../csv.ts";
import type { Cell } from "../csv.ts";
import { actionNames, mayDo } from "../operators/rights.ts";
import type { ActionName } from "../operators/rights.ts";
import { operatorOfSession } from "../operators/sessions.ts";
import { allRows, pageOf, totalsOf, WrongWishError } from "../postgres/console/page-of.ts";
import type { PageWish } from "../postgres/console/page-of.ts";
import { recordInConsole } from "../postgres/console/record.ts";
import type { Action, ActionContext, AnyList, ConsoleParts, Outcome } from "./action.ts";
import { actions } from "./actions.ts";
import { fromOf, hasCsrfToken, isFromOurPage, isLive, jsonOf, refuse, sessionIdOf } from "./request.ts";
import type { ConsoleContext } from "./request.ts";
import { shownTotals, totals } from "./totals.ts";
import type { OperatorStore } from "../ports/operators.ts";
import type { CallerVariables } from "../middleware/caller.ts";

export interface ConsoleApiDependencies extends ConsoleParts {
  readonly operators: OperatorStore;
}

interface Call {
  readonly c: ConsoleContext;
  readonly name: ActionName;
  readonly context: ActionContext;
}

export function consoleApi(deps: ConsoleApiDependencies): Hono<CallerVariables> {
  const routes = new Hono<CallerVariables>();
  routes.all("/:action", async (c) => {
    const { method } = c.req;
    const sessionId = sessionIdOf(c);
    const operator = sessionId && (await operatorOfSession(deps.operators, sessionId, !isLive(c)));
    if (!sessionId || !operator) return refuse(c, 401, "signed-out");
    const name = actionNames.find((action) => action === c.req.param("action"));
    if (name === undefined) return refuse(c, 404, "no-such-action");
    if (!mayDo(operator.roles, name)) return refuse(c, 403, "not-allowed");
    const action: Action = actions[name];
    if (method !== (action.kind === "change" ? "POST" : "GET")) return refuse(c, 405, "wrong-method");
    if (method === "POST" && !(isFromOurPage(c) && hasCsrfToken(c, sessionId)))
      return refuse(c, 403, "not-our-page");
    const { pool, store, context, acknowledgementSigner, keySet, randomBytes, readSeen } = deps;
    const parts = { pool, store, context, acknowledgementSigner, keySet, randomBytes, readSeen };
    return answer({ c, name, context: { ...parts, operator } }, action);
  });
  return routes;
}

async function answer(call: Call, action: Action): Promise<Response> {
  const { c, name, context } = call;
  if (action.kind === "list") return answerList(call, action);
  const parsed = action.input.safeParse(action.kind === "change" ? await jsonOf(c) : c.req.query());
  if (!parsed.success) return refuse(c, 400, "malformed", { errors: errorsOf(parsed.error) });
  const input = parsed.data;
  const asked = {
    subject: action.kind === "read" ? name : action.subject(input),
    input: (action.kind === "change" && action.told?.(input)) || input,
  };
  const isTold = action.kind !== "read" || action.audited;
  const outcome: Outcome<unknown> = await action.run(context, input);
  if (isTold)
    await record(call, asked.subject, { ...asked.input, outcome: outcome.ok ? "done" : outcome.refusal });
  if (!outcome.ok) return refuse(c, 409, outcome.refusal);
  if (action.kind !== "file") return c.json(action.answer.parse(outcome.answer) as never);
  const served = outcome.answer as { name: string; type: string; bytes: Uint8Array };
  return c.body(new Uint8Array(served.bytes), 200, {
    "content-type": served.type,
    "content-disposition": `attachment; filename="${served.name}"`,
  });
}

const listInput = z.object({
  sort: z.string().max(40).optional(),
  descending: z.enum(["true", "false"]).optional(),
  after: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(25),
  as: z.enum(["csv", "jsonl", "totals"]).optional(),
});

async function answerList(call: Call, action: AnyList): Promise<Response> {
  const { c, name, context } = call;
  const query = c.req.query();
  const parsed = listInput.safeParse(query);
  if (!parsed.success) return refuse(c, 400, "malformed", { errors: errorsOf(parsed.error) });
  const { as, after, limit, sort, descending } = parsed.data;
  const filters = Object.fromEntries(
    Object.entries(query).filter(
      ([key, text]) => !Object.hasOwn(listInput.shape, key) && text !== "" && text.length <= 200,
    ),
  );
  const wish: PageWish = {
    filters,
    sort,
    descending: descending === undefined ? undefined : descending === "true",
    after,
    limit,
    party: context.operator.party,
  };
  const isFile = as === "csv" || as === "jsonl";
  if (action.audited || isFile) await record(call, `list:${name}`, { filters, as: as ?? "page" });
  try {
    if (isFile) return await fileOf(call, action, wish, formats[as]);
    if (as === "totals") {
      const rows = await totalsOf(context.pool, action.source, wish);
      return c.json(totals.parse(shownTotals(rows)) as never);
    }
    const page = await pageOf(context.pool, action.source, wish);
    const rows = page.rows.map((row) => action.shown.parse(action.toShown(row, context)));
    return c.json({ rows, next: page.next } as never);
  } catch (error) {
    if (error instanceof WrongWishError) return refuse(c, 400, "malformed", { errors: [error.message] });
    throw error;
  }
}

/** How the rows of a list are written into a file. */
interface Format {
  readonly ending: string;
  readonly type: string;
  begin(columns: readonly string[]): string;
  lines(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string;
}

const formats: Readonly<Record<"csv" | "jsonl", Format>> = {
  csv: {
    ending: "csv",
    type: "text/csv; charset=utf-8",
    begin: (columns) => toCsv([columns]),
    lines: (columns, rows) => toCsv(rows.map((row) => columns.map((column) => cellOf(row[column])))),
  },
  jsonl: {
    ending: "jsonl",
    type: "application/jsonl; charset=utf-8",
    begin: () => "",
    lines: (_columns, rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  },
};

/** All rows of the list, whatever their number: a thousand at a time are in memory. */
async function fileOf(
  { c, name, context }: Call,
  action: AnyList,
  wish: PageWish,
  format: Format,
): Promise<Response> {
  const columns = Object.keys(action.shown.shape);
  const pages = allRows(context.pool, action.source, wish);
  // What is wrong with the wish is told before the file begins.
  let page = await pages.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(format.begin(columns)));
    },
    async pull(controller) {
      if (page.done === true) return controller.close();
      const rows = page.value.map((row) => action.shown.parse(action.toShown(row, context)));
      controller.enqueue(encoder.encode(format.lines(columns, rows)));
      page = await pages.next();
    },
    async cancel() {
      await pages.return(undefined);
    },
  });
  return c.body(body, 200, {
    "content-type": format.type,
    "content-disposition": `attachment; filename="${name}.${format.ending}"`,
  });
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "object" && "amount" in value && "currency" in value)
    return `${String(value.amount)} ${String(value.currency)}`;
  return JSON.stringify(value);
}

async function record(call: Call, subject: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
  const { c, name, context } = call;
  await recordInConsole(context.pool, {
    by: context.operator.name,
    action: name,
    subject,
    from: fromOf(c),
    detail,
  });
}

function errorsOf(error: z.ZodError): string[] {
  return error.issues.slice(0, 20).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}
