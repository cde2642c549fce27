import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Verdict, VerdictList } from "#sync/documents/verdict-list.ts";
import { createSessions } from "#sync/session.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { upload } from "#sync/upload.ts";
import type { UploadParts } from "#sync/upload.ts";
import { createAuthority, testVoucher } from "../../test/support/authority.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import type { StandInServer } from "../../test/support/stand-in-server.ts";
import { createTill, shortSleep } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";

interface Bench {
  readonly server: StandInServer;
  readonly till: Till;
  readonly parts: UploadParts;
  /** Redeems so many vouchers, offline. */
  redeem(count: number): Promise<void>;
  states(): string[];
}

async function bench(): Promise<Bench> {
  const server = await startStandIn();
  onTestFinished(() => server.close());
  const { url, authority, nodeId } = server;
  const till = createTill({ serverUrl: url, authority, nodeId });
  server.enrol(till.key.publicKey);
  let next = 1n;
  return {
    server,
    till,
    parts: partsOf(till, url),
    async redeem(count) {
      for (let left = count; left > 0; left--, next++) {
        const voucher = testVoucher(next);
        till.grant(voucher);
        const { serial, number } = voucher;
        await till.node().redeem({ serial, number, actor: "Ann", offline: true });
      }
    },
    states: () => till.stores.redemptions.list(0, 1000).map(({ state }) => state),
  };
}

function partsOf(till: Till, baseUrl: string): UploadParts {
  const { nodeId, stores, clock } = till;
  const link = { baseUrl, fetch };
  const assertions = createSyncSigner("session-assertion", till.key.seed);
  return {
    nodeId,
    link,
    sessions: createSessions({ link, nodeId, assertions, contact: stores.node }),
    queue: stores.queue,
    contact: stores.node,
    trust: stores.trust,
    clock,
    leaseDocument: stores.leases.documentFor.bind(stores.leases),
    patience: { sleep: shortSleep, randomBytes: (length) => new Uint8Array(length), attempts: 4 },
  };
}

/** Answers the next requests for a path with these; the ones after that pass. */
function answers(
  server: StandInServer,
  path: string,
  ...given: ((response: ServerResponse) => void)[]
): { left(): number } {
  const queue = [...given];
  server.intercept = (request: IncomingMessage, response) => {
    if (request.url !== path) return false;
    const answer = queue.shift();
    answer?.(response);
    return answer !== undefined;
  };
  return { left: () => queue.length };
}

const status =
  (code: number, headers = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, headers).end("{}");
  };
const cut = (response: ServerResponse) => {
  response.destroy();
};

describe("an upload", () => {
  test("sends the queue in order and writes each verdict with its proof", async () => {
    const { server, till, parts, redeem, states } = await bench();
    await redeem(3);
    server.judge = ({ sequence }) =>
      sequence === 2 ? { status: "rejected", reason: "lease-closed", transactionId: null } : {};
    expect(await upload(parts)).toMatchObject({ sent: 3, applied: 2, rejected: 1, problem: undefined });
    expect(states()).toEqual(["applied", "rejected", "applied"]);
    expect(till.stores.redemptions.list(0, 10)).toMatchObject([
      { transactionId: "tx-1", live: true },
      { reason: "lease-closed", live: false },
      { transactionId: "tx-3", live: true },
    ]);
    expect(till.stores.redemptions.list(0, 10).every(({ verdictList }) => verdictList !== null)).toBe(true);
    expect(till.stores.queue.serverSequence()).toBe(3);
  });

  test("with nothing to send asks for the server's time, which anchors the clock", async () => {
    const { server, till, parts } = await bench();
    server.aheadMs = 60_000;
    till.clock.pass(1000);
    expect(await upload(parts)).toMatchObject({ sent: 0, problem: undefined });
    const ahead = (till.stores.node.anchor()?.serverTimeMs ?? 0) - Date.now();
    expect(ahead).toBeGreaterThan(50_000);
  });

  test("that the server finds too large is sent in halves", async () => {
    const { server, parts, redeem } = await bench();
    await redeem(4);
    const given = answers(server, "/v1/operations", ...Array.from({ length: 6 }, () => status(413)));
    expect(await upload(parts)).toMatchObject({ sent: 4, problem: undefined });
    expect(given.left()).toBe(0);
    expect(server.chain).toHaveLength(4);
  });

  test("whose answer was lost is sent again, and the server's first verdict counts once", async () => {
    const { server, parts, redeem, states } = await bench();
    await redeem(2);
    let lost = false;
    server.intercept = (request, response) => {
      if (request.url !== "/v1/operations" || lost) return false;
      lost = true;
      // The server decides and commits; its answer never arrives.
      response.writeHead = () => response.destroy();
      return false;
    };
    expect(await upload(parts)).toMatchObject({ sent: 2, applied: 2, problem: undefined });
    expect(server.chain).toHaveLength(2);
    expect(states()).toEqual(["applied", "applied"]);
    expect(await upload(parts)).toMatchObject({ sent: 0, applied: 0, contradictions: [] });
  });

  test("sends what the server holds until its verdicts are here, also to one that was restored meanwhile", async () => {
    const { server, till, parts, redeem, states } = await bench();
    await redeem(2);
    let isLosing = true;
    server.intercept = (request, response) => {
      if (isLosing && request.url === "/v1/operations") response.writeHead = () => response.destroy();
      return false;
    };
    expect(await upload(parts)).toMatchObject({ problem: { code: "unreachable" } });
    expect(server.chain).toHaveLength(2);
    isLosing = false;
    // What it is told of the end of the server's chain says nothing of the verdicts.
    till.stores.queue.setServerSequence(2);
    expect(till.stores.queue.serverSequence()).toBe(0);
    server.generation = 2;
    expect(await upload(parts)).toMatchObject({ sent: 2, applied: 2, problem: undefined });
    expect(states()).toEqual(["applied", "applied"]);
    expect(till.stores.queue.serverSequence()).toBe(2);
  });

  test("renews a session that has run out, once", async () => {
    const { server, parts, redeem } = await bench();
    await upload(parts);
    server.expireSessions();
    await redeem(1);
    expect(await upload(parts)).toMatchObject({ sent: 1, problem: undefined });
    expect(server.requests.filter((request) => request === "POST /v1/sessions")).toHaveLength(2);
  });

  test("rides out 408, 429, 500 and cut lines", async () => {
    const { server, parts, redeem } = await bench();
    await redeem(1);
    const given = answers(server, "/v1/operations", status(408), status(429, { "retry-after": "1" }), cut);
    expect(await upload(parts)).toMatchObject({ sent: 1, applied: 1 });
    expect(given.left()).toBe(0);
  });

  test.each([
    ["unreachable", Array.from({ length: 4 }, () => cut)],
    ["busy", Array.from({ length: 4 }, () => status(500))],
    ["refused", [status(400)]],
    ["refused", [status(403)]],
    ["answer-not-trusted", [status(200)]],
  ])("that fails as %s drops nothing: the next one sends it all", async (code, failures) => {
    const { server, parts, redeem, states } = await bench();
    await redeem(2);
    answers(server, "/v1/operations", ...failures);
    expect(await upload(parts)).toMatchObject({ problem: { code } });
    expect(states()).toEqual(["queued", "queued"]);
    expect(await upload(parts)).toMatchObject({ sent: 2, applied: 2, problem: undefined });
  });
});

function withVerdicts(change: Partial<Verdict>): (list: VerdictList) => VerdictList {
  return (list) => ({
    ...list,
    verdicts: list.verdicts.map((verdict) => Object.assign({}, verdict, change)),
  });
}

describe("a verdict list", () => {
  test("signed by a key that is not trusted changes nothing", async () => {
    const { server, parts, redeem, states } = await bench();
    await redeem(1);
    const stranger = createAuthority(9);
    const { verdictList } = server.authority;
    server.authority.verdictList = stranger.verdictList;
    const because = "bad-signature";
    expect(await upload(parts)).toMatchObject({ problem: { code: "answer-not-trusted", because } });
    expect(states()).toEqual(["queued"]);
    server.authority.verdictList = verdictList;
    expect(await upload(parts)).toMatchObject({ applied: 1 });
  });

  test("for another node, another operation, or with a verdict missing changes nothing", async () => {
    const { server, parts, redeem, states } = await bench();
    await redeem(2);
    const { verdictList } = server.authority;
    const twists: Readonly<Record<string, (list: VerdictList) => VerdictList>> = {
      "another-node": (list) => ({ ...list, nodeId: "0192f000-0000-7000-8000-0000000000ff" }),
      "another-operation": withVerdicts({ operationHash: new Uint8Array(32) }),
      "unknown-operation": withVerdicts({ sequence: 77 }),
      "verdict-missing": (list) => ({ ...list, verdicts: [] }),
    };
    for (const [because, twist] of Object.entries(twists)) {
      server.authority.verdictList = (list) => verdictList(twist(list));
      expect(await upload(parts)).toMatchObject({ problem: { code: "answer-not-trusted", because } });
      expect(states()).toEqual(["queued", "queued"]);
    }
    server.authority.verdictList = verdictList;
    expect(await upload(parts)).toMatchObject({ applied: 2 });
  });

  test("with another final verdict than the first is reported, and the first stays", async () => {
    const { server, till, parts, redeem, states } = await bench();
    await redeem(1);
    await upload(parts);
    till.stores.queue.setServerSequence(0);
    server.judge = () => ({ status: "rejected", reason: "expired", transactionId: null });
    expect(await upload(parts)).toMatchObject({ contradictions: [1], rejected: 0 });
    expect(states()).toEqual(["applied"]);
  });

  test("that holds an operation leaves it open, and a later one in the shape decides it", async () => {
    const { server, till, parts, redeem, states } = await bench();
    await redeem(1);
    server.judge = () => ({ status: "held", reason: "leased-to-another-node", transactionId: null });
    expect(await upload(parts)).toMatchObject({ held: 1 });
    expect(states()).toEqual(["held"]);
    server.publishVerdict(1, { status: "applied", reason: null, transactionId: "tx-late" });
    expect(await till.node({ fetch }).sync()).toMatchObject({ shapes: { verdicts: { kind: "up-to-date" } } });
    expect(till.stores.redemptions.list(0, 1)).toMatchObject([
      { state: "applied", transactionId: "tx-late" },
    ]);
  });
});

describe("a server with another end of the chain", () => {
  test("that has lost operations gets them again, and their verdicts stay", async () => {
    const { server, parts, redeem, states } = await bench();
    await redeem(3);
    await upload(parts);
    server.chain.length = 1;
    server.generation = 2;
    expect(await upload(parts)).toMatchObject({
      sent: 2,
      applied: 0,
      contradictions: [],
      problem: undefined,
    });
    expect(server.chain).toHaveLength(3);
    expect(states()).toEqual(["applied", "applied", "applied"]);
    expect(parts.contact.generation()).toBe(2);
  });

  test("and a new generation opens a session for it, as the refusal of the old one said", async () => {
    const { server, parts, redeem } = await bench();
    await redeem(1);
    await upload(parts);
    server.generation = 2;
    server.expireSessions();
    parts.sessions.renew();
    await redeem(1);
    expect(await upload(parts)).toMatchObject({ sent: 1, applied: 1, problem: undefined });
  });

  test("that has more than the node stops the node", async () => {
    const { server, till, parts, redeem } = await bench();
    await redeem(2);
    await upload(parts);
    const [first, second] = server.chain;
    if (!first || !second) throw new Error("two operations were sent");
    server.chain.push({ ...second, hash: new Uint8Array(32).fill(3) });
    expect(await upload(parts)).toMatchObject({ problem: { code: "stopped", because: "behind-server" } });
    till.grant(testVoucher(50n));
    const { serial, number } = testVoucher(50n);
    const outcome = await till.node().redeem({ serial, number, actor: "Ann", offline: true });
    expect(outcome).toMatchObject({ refusal: { code: "node-stopped", because: "behind-server" } });
    expect(till.reopen().stores.stopped()).toBe("behind-server");
  });

  test("that has another branch stops the node as forked", async () => {
    const { server, parts, redeem } = await bench();
    await redeem(1);
    await upload(parts);
    const [first] = server.chain;
    if (!first) throw new Error("an operation was sent");
    server.chain[0] = { ...first, hash: new Uint8Array(32).fill(3) };
    expect(await upload(parts)).toMatchObject({ problem: { code: "stopped", because: "forked" } });
    expect(parts.contact.stopped()).toBe("forked");
  });

  test("and an older generation is sent nothing", async () => {
    const { server, till, parts, redeem, states } = await bench();
    await redeem(1);
    await upload(parts);
    till.stores.node.setGeneration(3);
    await redeem(1);
    expect((await upload(parts)).problem?.code).toMatch(/^(older-server|refused)$/);
    expect(states()).toEqual(["applied", "queued"]);
    expect(server.chain).toHaveLength(1);
    expect(till.stores.stopped()).toBeUndefined();
  });

  test("that does not answer the same twice is given up on after a few tries", async () => {
    const { server, parts, redeem } = await bench();
    await redeem(1);
    server.intercept = (request, response) => {
      if (request.url !== "/v1/operations") return false;
      const lastHash = Buffer.from(parts.queue.hashAt(0) ?? []).toString("base64");
      const body = { code: "head-mismatch", generation: 1, lastSequence: 0, lastHash };
      response.writeHead(409, { "content-type": "application/json" }).end(JSON.stringify(body));
      return true;
    };
    expect(await upload(parts)).toMatchObject({ problem: { code: "heads-never-match" } });
  });
});

describe("a node that the operator has frozen", () => {
  test("still sends its queue, is told, and reads no shape", async () => {
    const { server, till, redeem } = await bench();
    await redeem(1);
    server.status = "frozen";
    const report = await till.node({ fetch }).sync();
    expect(report).toMatchObject({ upload: { sent: 1, status: "frozen" }, shapes: {} });
    expect(till.stores.node.status()).toBe("frozen");
  });
});

describe("an online redemption", () => {
  const voucher = testVoucher(900n);
  const request = (till: Till) => ({
    token: till.authority.token(voucher),
    number: voucher.number,
    actor: "Ann",
    offline: false,
  });

  test("is accepted when the server's verdict is in, after everything before it was sent", async () => {
    const { server, till, redeem } = await bench();
    await redeem(2);
    const outcome = await till.node({ fetch }).redeem(request(till));
    expect(outcome).toMatchObject({ kind: "accepted", redeemed: { mode: "online" }, transactionId: "tx-3" });
    expect(server.chain.map(({ operation }) => operation.body)).toMatchObject([
      { mode: "leased" },
      { mode: "leased" },
      { mode: "online", epoch: null, amountMinor: 1250n },
    ]);
  });

  test("that the server rejects or holds hands over no goods", async () => {
    const { server, till } = await bench();
    server.judge = () => ({ status: "held", reason: "leased-to-another-node", transactionId: null });
    expect(await till.node({ fetch }).redeem(request(till))).toMatchObject({ kind: "not-known-yet" });
    expect(await till.node({ fetch }).redeem(request(till))).toMatchObject({
      refusal: { code: "verdict-awaited" },
    });
    const other = await bench();
    other.server.judge = () => ({ status: "rejected", reason: "already-consumed", transactionId: null });
    expect(await other.till.node({ fetch }).redeem(request(other.till))).toMatchObject({ kind: "rejected" });
  });

  test("without a server records nothing", async () => {
    const { server, till } = await bench();
    server.intercept = (_request, response) => {
      response.destroy();
      return true;
    };
    expect(await till.node({ fetch }).redeem(request(till))).toMatchObject({ kind: "offline" });
    expect(till.stores.queue.head().sequence).toBe(0);
  });

  test("whose line is cut after it was recorded is not known yet, and known after the next contact", async () => {
    const { server, till, parts, states } = await bench();
    let uploads = 0;
    server.intercept = (incoming, response) => {
      if (incoming.url !== "/v1/operations" || ++uploads === 1) return false;
      response.destroy();
      return true;
    };
    expect(await till.node({ fetch }).redeem(request(till))).toMatchObject({ kind: "not-known-yet" });
    server.intercept = undefined;
    await upload(parts);
    expect(states()).toEqual(["applied"]);
  });

  test("by the serial alone is refused with token-needed: nobody here knows its amount", async () => {
    const { till } = await bench();
    const { serial, number } = voucher;
    const outcome = await till.node().redeem({ serial, number, actor: "Ann", offline: false });
    expect(outcome).toMatchObject({ refusal: { code: "token-needed" } });
  });
});
