/**
 * A small real HTTP server that answers a node the way Paypost's does, for tests of the node alone: it keeps one
 * node's chain, gives the verdicts that a test wants, and can be told to fail.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { toBase64, fromBase64 } from "#sync/base64.ts";
import { decodeOperation } from "#sync/documents/operation.ts";
import type { Operation } from "#sync/documents/operation.ts";
import { decodeSessionAssertion } from "#sync/documents/session-assertion.ts";
import { decodeUpload } from "#sync/documents/upload.ts";
import type { Policy } from "#sync/documents/policy.ts";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { openAs } from "#sync/documents/open.ts";
import { hashOf, parseDocument } from "#sync/signing/cose.ts";
import { createAuthority } from "./authority.ts";
import type { Authority, TestVoucher } from "./authority.ts";
import { writeSerialSet } from "./serial-set.ts";
import { createElectricShape } from "./electric-shape.ts";
import type { ElectricShape } from "./electric-shape.ts";

export type ShapeName = "leases" | "elsewhere" | "denied" | "verdicts" | "trust" | "signals";

export interface StandInOptions {
  readonly authority?: Authority;
  readonly nodeId?: string;
  /** Rows in one answer of a snapshot. */
  readonly chunk?: number;
}

export interface StandInServer {
  readonly url: string;
  readonly nodeId: string;
  readonly authority: Authority;
  readonly shapes: Readonly<Record<ShapeName, ElectricShape>>;
  /** What was stored of the node, in order. */
  readonly chain: {
    readonly hash: Uint8Array;
    readonly operation: Operation;
    readonly sealed: Uint8Array | null;
  }[];
  /** Every request that came, as `METHOD path`. */
  readonly requests: string[];
  /** May change any verdict before it is signed; `applied` otherwise. */
  judge: (operation: Operation) => Partial<Verdict>;
  /** Called before a request is answered; true when it has answered itself, or has cut the line. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  status: "active" | "frozen" | "revoked";
  generation: number;
  /** Server time minus wall time. */
  aheadMs: number;
  /** Told with every list. */
  policyVersion: number;
  /** Takes the node's key without the request for it. */
  enrol(publicKey: Uint8Array): void;
  expireSessions(): void;
  /** Grants a lease and publishes it as the real server does, signal included. */
  grant(voucher: TestVoucher, change?: { readonly n?: number; readonly notAfterMs?: number }): void;
  withdraw(serial: bigint): void;
  /** Issues a policy, signed, and names it from now on. */
  issuePolicy(policy: Policy): void;
  /** The deny list, as one row. */
  deny(serials: readonly bigint[]): void;
  accept(groups: readonly string[]): void;
  /** Tells a verdict through the shape, as a decision made later. */
  publishVerdict(sequence: number, verdict: Pick<Verdict, "status" | "reason" | "transactionId">): void;
  signal(shape: Exclude<ShapeName, "signals">): void;
  close(): Promise<void>;
}

export async function startStandIn(options: StandInOptions = {}): Promise<StandInServer> {
  const authority = options.authority ?? createAuthority();
  const nodeId = options.nodeId ?? "0192f000-0000-7000-8000-000000000001";
  const chunk = options.chunk === undefined ? {} : { chunk: options.chunk };
  const shapes = {
    leases: createElectricShape({ name: "leases", ...chunk }),
    elsewhere: createElectricShape({ name: "elsewhere", ...chunk }),
    denied: createElectricShape({ name: "denied", ...chunk }),
    verdicts: createElectricShape({ name: "verdicts", ...chunk }),
    trust: createElectricShape({ name: "trust", ...chunk }),
    signals: createElectricShape({ name: "signals", ...chunk }),
  };
  let tokens = new Set<string>();
  let counter = 0;
  let versions = 0;
  let publicKey: Uint8Array | undefined;
  let certificate: Uint8Array | undefined;

  const stop = new AbortController();
  const http = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");

  const server: StandInServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    nodeId,
    authority,
    shapes,
    chain: [],
    requests: [],
    judge: () => ({}),
    intercept: undefined,
    status: "active",
    generation: 1,
    aheadMs: 0,
    policyVersion: 0,
    enrol(key) {
      publicKey = key;
      certificate = authority.certificate(nodeId, key);
    },
    expireSessions: () => (tokens = new Set()),
    grant({ serial, ...voucher }, { n = 1, notAfterMs = Date.now() + 3_600_000 } = {}) {
      const lease = authority.lease({ serial, nodeId, epoch: { generation: 1, n }, notAfterMs });
      shapes.leases.put(`"leases"/"${serial}"`, {
        node_id: nodeId,
        serial: serial.toString(),
        epoch_generation: "1",
        epoch_n: String(n),
        not_after: new Date(notAfterMs).toISOString(),
        lease: toBase64(lease),
        token: authority.token({ serial, ...voucher }),
      });
      server.signal("leases");
    },
    publishVerdict(sequence, verdict) {
      const stored = server.chain[sequence - 1];
      if (!stored) throw new Error(`no operation ${sequence}`);
      const first = {
        sequence,
        operationHash: stored.hash,
        decidedAtMs: 1_700_000_000_000,
        duplicate: false,
        evidence: null,
        guaranteedMinor: null,
      };
      const document = verdicts([{ ...first, ...verdict }]);
      const row = { node_id: nodeId, sequence: String(sequence), verdict_list: toBase64(document) };
      shapes.verdicts.put(`"verdicts"/"${sequence}"`, row);
      server.signal("verdicts");
    },
    withdraw(serial) {
      shapes.leases.remove(`"leases"/"${serial}"`);
      server.signal("leases");
    },
    issuePolicy(policy) {
      server.policyVersion = policy.version;
      trust("policy", policy.version, toBase64(authority.policy(policy)));
    },
    accept: (groups) => trust("accepts", 1, groups.join(",")),
    deny(serials) {
      const row = { node_id: "all", chunk: "0", serials: toBase64(writeSerialSet(serials)) };
      shapes.denied.put(`"denied"/"0"`, row);
    },
    signal(shape) {
      versions += 1;
      shapes.signals.put(`"signals"/"${shape}"`, { node_id: nodeId, shape, version: String(versions) });
    },
    async close() {
      stop.abort();
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
  trust("key-set", authority.keySet.version, toBase64(authority.keySetDocument));
  return server;

  function trust(kind: string, version: number, document: string): void {
    shapes.trust.put(`"trust"/"${kind}"`, { node_id: nodeId, kind, version: String(version), document });
    server.signal("trust");
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    server.requests.push(`${request.method} ${url.pathname}`);
    if (server.intercept?.(request, response)) return;
    const body = await bodyOf(request);
    if (url.pathname === "/v1/enrolments") return enrol(body, response);
    if (url.pathname === "/v1/sessions") return session(body, response);
    if (!tokens.has((request.headers.authorization ?? "").replace("Bearer ", ""))) {
      return json(response, 401, { code: "no-session", message: "" });
    }
    if (url.pathname === "/v1/operations") return operations(body, response);
    if (url.pathname.startsWith("/v1/leases")) return leases(url.pathname, body, response);
    const shape = shapes[url.pathname.replace("/v1/shapes/", "") as ShapeName];
    if (!shape) return json(response, 404, { code: "not-found", message: "" });
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const answer = await shape.answer(url.searchParams, AbortSignal.any([gone.signal, stop.signal]));
    json(response, answer.status, answer.body, answer.headers);
  }

  function enrol(body: Buffer, response: ServerResponse): void {
    const { code, publicKey: sent } = JSON.parse(body.toString()) as { code: string; publicKey: string };
    if (code !== "GOOD-CODE") return json(response, 403, { code: "unknown-code", message: "" });
    if (publicKey && toBase64(publicKey) !== sent)
      return json(response, 403, { code: "used-code", message: "" });
    publicKey = fromBase64(sent);
    certificate ??= authority.certificate(nodeId, publicKey ?? new Uint8Array());
    json(response, 200, {
      certificate: toBase64(certificate),
      keySet: toBase64(authority.keySetDocument),
      generation: server.generation,
      serverTimeMs: Date.now() + server.aheadMs,
    });
  }

  async function session(body: Buffer, response: ServerResponse): Promise<void> {
    const opened = await openAs(
      "session-assertion",
      decodeSessionAssertion,
      Uint8Array.from(body),
      () => publicKey,
    );
    if (!opened.ok) return json(response, 401, { code: "bad-assertion", message: "" });
    if (opened.value.counter <= counter || opened.value.audience !== String(server.generation)) {
      const { generation } = server;
      return json(response, 401, { code: "stale-assertion", message: "", generation, counter });
    }
    counter = opened.value.counter;
    const token = `token-${counter}`;
    tokens.add(token);
    const { status } = server;
    json(response, 200, { token, expiresInSeconds: 900, serverTimeMs: Date.now() + server.aheadMs, status });
  }

  /** Nobody else holds anything here, there is nothing to hand out, and no lease is due. */
  function leases(path: string, body: Buffer, response: ServerResponse): void {
    if (path.endsWith("/holder")) return json(response, 200, { holder: null });
    if (!path.endsWith("/renewals")) {
      return json(response, 200, { granted: 0, held: 0, most: 1000, because: "none-left" });
    }
    const { serials } = JSON.parse(body.toString()) as { serials: string[] };
    json(response, 200, { renewals: serials.map((serial) => ({ serial, refused: "not-due" })) });
  }

  async function operations(body: Buffer, response: ServerResponse): Promise<void> {
    const upload = decodeUpload(Uint8Array.from(body));
    if (!upload.ok) return json(response, 400, { code: "malformed", message: "" });
    const { generation, afterSequence, operations: sent } = upload.value;
    const last = server.chain.length;
    if (
      generation !== server.generation ||
      afterSequence > last ||
      (sent.length === 0 && afterSequence !== last)
    ) {
      const lastHash = toBase64(headHash());
      return json(response, 409, {
        code: "head-mismatch",
        generation: server.generation,
        lastSequence: last,
        lastHash,
      });
    }
    const decided: Verdict[] = [];
    for (const { signed, sealed } of sent) {
      const opened = await openAs("operation", decodeOperation, signed, () => publicKey);
      if (!opened.ok) return json(response, 400, { code: "bad-signature", message: "" });
      const duplicate = opened.value.sequence <= server.chain.length;
      if (!duplicate) server.chain.push({ hash: opened.hash, operation: opened.value, sealed });
      decided.push({
        sequence: opened.value.sequence,
        operationHash: opened.hash,
        status: "applied",
        reason: null,
        transactionId: `tx-${opened.value.sequence}`,
        decidedAtMs: 1_700_000_000_000,
        duplicate,
        evidence: null,
        guaranteedMinor: null,
        ...server.judge(opened.value),
      });
    }
    response.writeHead(200, { "content-type": "application/cbor" }).end(verdicts(decided));
  }

  function verdicts(decided: readonly Verdict[]): Uint8Array {
    return authority.verdictList({
      nodeId,
      generation: server.generation,
      serverTimeMs: Date.now() + server.aheadMs,
      lastSequence: server.chain.length,
      lastHash: headHash(),
      policyVersion: server.policyVersion,
      auditHead: null,
      verdicts: decided,
    });
  }

  function headHash(): Uint8Array {
    const last = server.chain.at(-1);
    if (last) return last.hash;
    const parsed = parseDocument(certificate ?? new Uint8Array());
    if (!parsed.ok) throw new Error("no certificate yet");
    return hashOf("enrolment-certificate", parsed);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
