/**
 * A make-believe server in place of the network: it answers what a till asks, as the real one would, out of its authority
 * and of what the till itself has kept. It remembers only what was appealed, there.
 */
import { fromBase64, toBase64 } from "#sync/base64.ts";
import { encodeBillStatement } from "#sync/documents/bill-statement.ts";
import { decodeOperation } from "#sync/documents/operation.ts";
import type { Operation } from "#sync/documents/operation.ts";
import { encodeDisputes, encodePayouts } from "#sync/documents/statement.ts";
import { decodeUpload } from "#sync/documents/upload.ts";
import type { UploadedOperation } from "#sync/documents/upload.ts";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { gunzip } from "#sync/gzip.ts";
import type { Fetch } from "#sync/ports/transport.ts";
import { hashOf, parseDocument } from "#sync/signing/cose.ts";
import type { NodeStores } from "../open.ts";
import type { RedemptionRecord } from "../store/redemptions.ts";
import { practiceGroup } from "./authority.ts";
import type { PracticeAuthority } from "./authority.ts";
import { billRows, billStatement, billVerdict } from "./bills.ts";

export const practiceAddress = "https://practice.invalid";

export interface PracticeServerParts {
  readonly authority: PracticeAuthority;
  readonly stores: NodeStores;
  readonly wallMs: () => number;
}

const mostBytes = 1_048_576;
/** As long as a real server holds a live request. */
const holdMs = 20_000;

export function createPracticeServer(parts: PracticeServerParts): Fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const shape = /^\/v1\/shapes\/([a-z]+)$/.exec(url.pathname)?.[1];
    if (shape !== undefined) return answerShape(parts, shape, url.searchParams, init?.signal ?? undefined);
    const body = await bodyOf(init);
    switch (url.pathname) {
      case "/v1/enrolments":
        return enrol(parts, body);
      case "/v1/sessions":
        return Response.json({ token: "practice", expiresInSeconds: 900, status: "active" });
      case "/v1/operations":
        return operations(parts, body);
      case "/v1/disputes":
        return cbor(encodeDisputes(recordsOf(parts, "rejected").map((record) => disputeOf(parts, record))));
      case "/v1/disputes/appeals":
        return appeal(parts, body);
      case "/v1/payouts":
        return cbor(encodePayouts({ payouts: recordsOf(parts, "applied").map(payoutOf), more: false }));
      case "/v1/bill-statement":
        return cbor(encodeBillStatement(billStatement(parts.stores.bills, parts.authority.startedMs)));
      case "/v1/leases":
        return Response.json({ granted: 0, held: 0, most: 20, because: "none-left" });
      case "/v1/leases/renewals":
        return Response.json({ renewals: [] });
      case "/v1/leases/holder":
        return Response.json({ holder: null });
      case "/v1/authentications":
        return Response.json({ result: "confirmed" });
      default:
        return Response.json(
          { code: "not-in-practice", message: "Practice knows nothing of this" },
          { status: 404 },
        );
    }
  };
}

function enrol({ authority, wallMs }: PracticeServerParts, body: Uint8Array): Response {
  const { publicKey } = JSON.parse(new TextDecoder().decode(body)) as { readonly publicKey: string };
  const certificate = toBase64(authority.certificate(fromBase64(publicKey) ?? new Uint8Array()));
  return Response.json({
    certificate,
    keySet: toBase64(authority.keySet),
    generation: 1,
    serverTimeMs: wallMs(),
  });
}

/** What the till's own queue says the server has is what it has. */
function operations({ authority, stores, wallMs }: PracticeServerParts, body: Uint8Array): Response {
  const upload = decodeUpload(body);
  if (!upload.ok) return Response.json({ code: "malformed", message: "" }, { status: 400 });
  const { afterSequence, afterHash, operations: sent } = upload.value;
  const verdicts = sent.map((operation) => verdictOn(authority, operation, wallMs()));
  const last = verdicts.at(-1);
  return cbor(
    authority.verdictList({
      nodeId: authority.nodeId,
      generation: 1,
      serverTimeMs: wallMs(),
      lastSequence: Math.max(afterSequence + sent.length, stores.queue.serverSequence()),
      lastHash: last?.operationHash ?? afterHash,
      policyVersion: 1,
      auditHead: null,
      verdicts,
    }),
  );
}

function verdictOn({ vouchers }: PracticeAuthority, { signed }: UploadedOperation, nowMs: number): Verdict {
  const parsed = parseDocument(signed);
  const operation = parsed.ok ? decodeOperation(parsed.payload) : undefined;
  if (!parsed.ok || !operation?.ok) throw new Error("a till of practice has sent what cannot be read");
  const { sequence, body } = operation.value;
  const ofBill = billVerdict(body);
  const { status, reason } = ofBill ?? outcomeOf(vouchers, body);
  return {
    sequence,
    operationHash: hashOf("operation", parsed),
    status,
    reason,
    // A bill's payment is in the books either way, and so is what became of it.
    transactionId:
      status === "applied" || (ofBill && status === "rejected")
        ? `practice${String(sequence).padStart(4, "0")}`
        : null,
    decidedAtMs: nowMs,
    duplicate: false,
    evidence: null,
    guaranteedMinor: status === "rejected" && body.type === "redeem-voucher" ? body.amountMinor : null,
  };
}

function outcomeOf(
  vouchers: PracticeAuthority["vouchers"],
  body: Operation["body"],
): Pick<Verdict, "status" | "reason"> {
  if (body.type !== "redeem-voucher") return { status: "applied", reason: null };
  const status = vouchers.find(({ serial }) => serial === body.serial)?.outcome ?? "rejected";
  return {
    status,
    reason: { applied: null, rejected: "lease-closed", held: "leased-to-another-node" }[status],
  };
}

function recordsOf({ stores }: PracticeServerParts, state: RedemptionRecord["state"]): RedemptionRecord[] {
  return stores.redemptions.list(0, 100).filter((record) => record.state === state);
}

/** Where appeals are kept: sequence numbers and words. */
const appealsName = "practice-appeals";

function appealsOf({ settings }: NodeStores): Readonly<Record<string, string>> {
  return JSON.parse(settings.preference(appealsName) ?? "{}") as Readonly<Record<string, string>>;
}

function appeal({ stores }: PracticeServerParts, body: Uint8Array): Response {
  const { sequence, because } = JSON.parse(new TextDecoder().decode(body)) as {
    readonly sequence: number;
    readonly because: string;
  };
  const before = appealsOf(stores);
  const told = before[sequence];
  if (told !== undefined && told !== because) {
    return Response.json({ code: "not-possible", message: "An appeal is heard once" }, { status: 409 });
  }
  stores.settings.setPreference(appealsName, JSON.stringify({ ...before, [sequence]: because }));
  return Response.json({ state: "appealed" });
}

/** The make-believe operator refuses at once, so that an appeal can be tried. */
function disputeOf({ stores }: PracticeServerParts, record: RedemptionRecord) {
  const { sequence, serial, currency, amountMinor, reason, decidedMs } = record;
  const words = appealsOf(stores)[sequence] ?? null;
  return {
    sequence,
    serial,
    currency,
    amountMinor,
    guaranteedMinor: amountMinor,
    reason: reason ?? "lease-closed",
    state: words === null ? "refused" : "appealed",
    openedAtMs: decidedMs ?? 0,
    decidedAtMs: words === null ? decidedMs : null,
    because: null,
    appeal: words,
  } as const;
}

function payoutOf({ sequence, serial, currency, amountMinor, transactionId, decidedMs }: RedemptionRecord) {
  return {
    reference: transactionId ?? `practice-${sequence}`,
    sequence,
    serial,
    currency,
    amountMinor,
    feeMinor: 0n,
    paidAtMs: decidedMs ?? 0,
    account: "••••0000",
    provider: "Practice bank",
  };
}

type Row = readonly [key: string, value: Readonly<Record<string, string>>];

/** Electric's protocol for shapes that never change: a snapshot, its end, and a live request that nothing answers. */
async function answerShape(
  { authority }: PracticeServerParts,
  name: string,
  query: URLSearchParams,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const live = query.get("live") === "true";
  const isFirst = query.get("offset") === "-1";
  const handle = handleOf(name);
  if (!isFirst && query.get("handle") !== handle) {
    return Response.json([{ headers: { control: "must-refetch" } }], {
      status: 409,
      headers: { "electric-handle": handle },
    });
  }
  if (live) await heldOpen(signal);
  const messages = isFirst
    ? [
        ...rowsOf(authority, name).map(([key, value]) => ({ key, value, headers: { operation: "insert" } })),
        { headers: { control: "snapshot-end", xmin: "1", xmax: "1", xip_list: [] } },
      ]
    : [{ headers: { control: "up-to-date", global_last_seen_lsn: "0" } }];
  return Response.json(messages, {
    headers: {
      "electric-handle": handle,
      "electric-offset": isFirst ? "0_0" : "0_inf",
      ...(live ? { "electric-cursor": "1" } : { "electric-schema": "{}" }),
      ...(isFirst ? {} : { "electric-up-to-date": "" }),
    },
  });
}

/** The number goes up with what an earlier version's practice had not: its folders are fetched anew then. */
function handleOf(name: string): string {
  return `practice-2-${name}`;
}

const signalled = ["trust", "leases", "billers", "bills", "floats"];

function rowsOf(authority: PracticeAuthority, name: string): readonly Row[] {
  const { nodeId } = authority;
  switch (name) {
    case "leases":
      return authority.vouchers
        .filter(({ isLeased }) => isLeased)
        .map(({ serial, token }) => [
          `"leases"/"${serial}"`,
          {
            node_id: nodeId,
            serial: serial.toString(),
            epoch_generation: "1",
            epoch_n: "1",
            not_after: new Date(authority.leasesEndMs).toISOString(),
            lease: toBase64(authority.lease(serial)),
            token,
          },
        ]);
    case "trust":
      return [
        ["1", { node_id: nodeId, kind: "policy", version: "1", document: toBase64(authority.policy) }],
        ["2", { node_id: nodeId, kind: "accepts", version: "1", document: practiceGroup }],
      ];
    case "signals":
      return signalled.map((shape) => [shape, { node_id: nodeId, shape, version: "1" }]);
    default:
      return billRows(name, nodeId, authority.startedMs);
  }
}

function heldOpen(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, holdMs);
    const onAbort = () => {
      clearTimeout(timer);
      reject(new DOMException("The request was given up", "AbortError"));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}

async function bodyOf(init: RequestInit | undefined): Promise<Uint8Array> {
  const { body } = init ?? {};
  const bytes =
    body instanceof Uint8Array ? body : new TextEncoder().encode(typeof body === "string" ? body : "");
  if (new Headers(init?.headers).get("content-encoding") !== "gzip") return bytes;
  const unpacked = await gunzip(bytes, mostBytes);
  return unpacked.ok ? unpacked.bytes : new Uint8Array();
}

function cbor(bytes: Uint8Array): Response {
  return new Response(Uint8Array.from(bytes), { headers: { "content-type": "application/cbor" } });
}
