/**
 * The first sync of a node with 100,000 leases, and its catching up with 10,000 more, each in a process of its
 * own, beside a plain download of the same bytes that are inserted into the same table unchecked.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { webRandomBytes } from "#sync/signing/random.ts";
import { stampShapeLog } from "../../../node-server/postgres/shape-stamper.ts";
import { enrolFiles, sessionsOf } from "../../support/enrol-files.ts";
import { run } from "../../support/processes.ts";
import { merchants, withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { plantVouchers } from "../plant.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";
import { nativeVerifications } from "../verifications.ts";

export const firstSync: BenchRow = {
  name: "first-sync",
  comparedWith: "a plain download of the same bytes and a bulk insert into the same table",
  run: (sizes) => withBed((bed) => measure(bed, sizes)),
};

interface Synced {
  readonly ms: number;
  readonly rows: number;
  readonly checkedMs: number;
  readonly peakMiB: number;
}

interface Position {
  readonly handle: string;
  readonly offset: string;
}

async function measure(bed: Bed, { leases, changes, signatures }: Sizes): Promise<readonly Figure[]> {
  const keys = bed.keys;
  const compiled = { NODE_COMPILE_CACHE: join(bed.folder, "compiled") };
  const [directory, rawDirectory] = [join(bed.folder, "till"), join(bed.folder, "raw")];
  return bed.withServer(async () => {
    // Another node syncs first, which has nothing. It compiles what the server and the others run: a server has mostly been
    // running for a while, and an installed till has no TypeScript to compile.
    const other = join(bed.folder, "other");
    await inProcess([other, bed.url], { ...compiled, SEED: (await enrol(bed, other)).seed });
    const { nodeId, seed, token } = await enrol(bed, directory);
    const grant = (count: number) =>
      bed.withDatabase(async (client) => {
        await plantVouchers(client, keys, count, { nodeId });
        // As after each grant: nobody who reads is the first to hear of it.
        await stampShapeLog(client.pool);
        // The database clears up now, as it does in quiet moments, and not while a till reads.
        await client.pool.query("vacuum analyze");
        await client.pool.query("checkpoint");
      });
    const sync = () => inProcess([directory, bed.url], { ...compiled, SEED: seed });
    await grant(leases);
    const first = await sync();
    const read = await readShape(bed.url, token, { handle: "", offset: "-1" });
    const rawFirst = await downloadAndInsert(rawDirectory, read.bodies, compiled);
    await grant(changes);
    const second = await sync();
    const more = await readShape(bed.url, token, read.end);
    const rawSecond = await downloadAndInsert(rawDirectory, more.bodies, compiled);
    const verifications = await nativeVerifications(signatures);
    for (const [{ rows }, wanted] of [
      [first, leases],
      [rawFirst, leases],
      [second, leases + changes],
      [rawSecond, leases + changes],
    ] as const)
      if (rows !== wanted) throw new Error(`${rows} leases of ${wanted}`);
    const megabytes = (bodies: readonly string[]) =>
      bodies.reduce((sum, { length }) => sum + length, 0) / 1e6;
    return [
      { what: "leases read first", ours: megabytes(read.bodies), raw: null, unit: "MB", goal: null },
      { what: "first sync", ours: first.ms, raw: rawFirst.ms, unit: "ms", goal: { atMost: 1.5 } },
      {
        what: "looked at afterwards, beside other work",
        ours: first.checkedMs,
        raw: null,
        unit: "ms",
        goal: null,
      },
      {
        // A lease and a token in each row.
        what: "its signatures verified natively on all cores",
        ours: (2 * leases * 1000) / verifications,
        raw: null,
        unit: "ms",
        goal: null,
      },
      { what: "memory at its most", ours: first.peakMiB, raw: null, unit: "MiB", goal: { atMost: 150 } },
      { what: "catching up", ours: second.ms, raw: rawSecond.ms, unit: "ms", goal: { atMost: 2 } },
    ];
  });
}

async function enrol(bed: Bed, directory: string) {
  const files = await enrolFiles({
    directory,
    serverUrl: bed.url,
    code: await bed.enrolmentCode(merchants[0] ?? ""),
    wallMs: Date.now,
    fetch,
    randomBytes: webRandomBytes,
  });
  const { stores, nodeId, key } = files;
  const session = await sessionsOf(files, { baseUrl: bed.url, fetch }).token();
  stores.close();
  if (!session.ok) throw new Error("no session");
  return { nodeId, seed: Buffer.from(key.seed).toString("hex"), token: session.token };
}

/** What the server answers about the leases from there on, as it is, and where that ends. */
async function readShape(
  url: string,
  token: string,
  from: Position,
): Promise<{ readonly bodies: readonly string[]; readonly end: Position }> {
  const bodies: string[] = [];
  let end = from;
  for (;;) {
    const handle = end.handle === "" ? "" : `&handle=${end.handle}`;
    const response = await fetch(`${url}/v1/shapes/leases?offset=${end.offset}${handle}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (response.status !== 200) throw new Error(`the shape was answered with ${response.status}`);
    bodies.push(await response.text());
    const { headers } = response;
    end = { handle: headers.get("electric-handle") ?? "", offset: headers.get("electric-offset") ?? "" };
    if (headers.has("electric-up-to-date")) return { bodies, end };
  }
}

async function downloadAndInsert(
  directory: string,
  bodies: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Synced> {
  // Nothing is asked for while a chunk is inserted: the connection must last until then.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(bodies[Number((request.url ?? "/0").slice(1))]);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const urls = bodies.map((_, index) => `http://127.0.0.1:${port}/${index}`);
  try {
    return await inProcess(["--raw", directory, ...urls], env);
  } finally {
    server.close();
  }
}

async function inProcess(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Synced> {
  // As much as the thread of a till has for new objects (`desktop/thread-line.ts`), which are three such spaces.
  const limits = { NODE_OPTIONS: "--max-semi-space-size=2" };
  const { code, stdout, stderr } = await run("test/bench/sync-once.ts", args, { ...env, ...limits });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Synced;
}
