/**
 * A batch of payments that is executed while its server is killed with SIGKILL again and again, in the middle of sending,
 * against a provider that is a process of its own. Whoever calls this says what must be true of what is found.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { Agency, payment } from "./agency.ts";
import { operate, registerInstitution, startServer } from "./installation.ts";
import type { Installation } from "./installation.ts";
import { Institution } from "./institution.ts";
import { start } from "./processes.ts";
import type { Running } from "./processes.ts";

export interface KilledBatchOptions {
  readonly count: number;
  /** How often the server is killed at most. */
  readonly kills: number;
  /** Credits that arrive at the provider between two kills, at most. */
  readonly mostBetween: number;
  readonly onProgress?: (text: string) => void;
  /** Called with each server process that is started. */
  readonly onServer?: (server: Running) => void;
}

export interface KilledBatch {
  readonly kills: number;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly reconciliation: Readonly<Record<string, unknown>>;
  /** The status of each payment, by the phone number that it goes to. */
  readonly statuses: ReadonlyMap<string, string>;
  /** How often the provider credited each phone number. */
  readonly credits: ReadonlyMap<string, number>;
  /** Credits that arrived at the provider, repetitions counted. */
  readonly arrivals: number;
  readonly balanced: boolean;
}

export async function runKilledBatch(
  installation: Installation,
  options: KilledBatchOptions,
): Promise<KilledBatch> {
  const provider = start("test/faults/mobile-money-process.ts", []);
  const [, providerUrl = "", booksUrl = ""] = await provider.line(/provider (\S+) books (\S+)/);
  const servers: Running[] = [];
  const startOne = async () => {
    const started = await startServer(installation);
    servers.push(started.running);
    options.onServer?.(started.running);
    return started;
  };
  try {
    let { running, url } = await startOne();
    const ministry = await registerInstitution(installation, url, "welfare");
    let agency = new Agency(ministry);
    await setUp(installation, agency.key, providerUrl);
    const payments = Array.from({ length: options.count }, (_, index) => payment(index));
    const batchId = await agency.batch(payments);
    const approved = await agency.approve(batchId);
    if (approved.status !== 200) throw new Error(JSON.stringify(approved.body));
    let kills = 0;
    for (;;) {
      const isOver = await waitForArrivals(agency, batchId, booksUrl, options, kills);
      if (isOver) break;
      kills += 1;
      running.child.kill("SIGKILL");
      await running.finished;
      options.onProgress?.(`killed ${kills} times, ${await arrivalsAt(booksUrl)} credits arrived`);
      ({ running, url } = await startOne());
      const institution = new Institution(
        "welfare",
        url,
        installation.issuer,
        installation.receiver,
        ministry.keys,
      );
      agency = new Agency(institution);
    }
    const { credits, arrivals } = (await (await fetch(booksUrl)).json()) as {
      credits: Record<string, number>;
      arrivals: number;
    };
    const { balanced } = (await operate(installation, "books")) as { balanced: boolean };
    return {
      kills,
      summary: await agency.summary(batchId),
      reconciliation: (await agency.institution.call("GET", `/batches/${batchId}/reconciliation`)).body,
      statuses: await statusesOf(agency, batchId),
      credits: new Map(Object.entries(credits)),
      arrivals,
      balanced,
    };
  } finally {
    for (const { child } of [...servers, provider]) child.kill("SIGKILL");
    await Promise.all([...servers, provider].map(({ finished }) => finished));
  }
}

async function setUp(installation: Installation, key: Ed25519Key, providerUrl: string): Promise<void> {
  const run = (...args: string[]) => operate(installation, ...args);
  const publicKey = Buffer.from(key.publicKey).toString("base64");
  await run("agency", "terms", "welfare", "--country-code", "254", "--percent", "0");
  await run("agency", "fund", "welfare", "10000000", "USD", "--reference", "t-1");
  await run("agency", "fee", "welfare", "USD", "--fixed", "0.05");
  await run(
    ..."receiver add MPESA Provider --rail non-bank --gateway mobile-money --default msisdn".split(" "),
    "--url",
    providerUrl,
  );
  await run("signatory", "propose", "welfare", "Ada Approver", "--key", publicKey, "--by", "Olu");
  await run("signatory", "approve", "welfare", "Ada Approver", "--by", "Pia");
}

/** True when the batch is settled; false when as many credits arrived since the last kill as chance wants. */
async function waitForArrivals(
  agency: Agency,
  batchId: string,
  booksUrl: string,
  { kills: mostKills, mostBetween, onProgress, count }: KilledBatchOptions,
  kills: number,
): Promise<boolean> {
  const until = (await arrivalsAt(booksUrl)) + 1 + Math.floor(Math.random() * mostBetween);
  for (let round = 0; ; round += 1) {
    if (kills < mostKills && (await arrivalsAt(booksUrl)) >= until) return false;
    if (round % 20 === 0) {
      const { state, completed, failed } = await agency.summary(batchId);
      if (state === "settled") return true;
      if (round % 200 === 0) onProgress?.(`${String(completed)} paid, ${String(failed)} failed of ${count}`);
    }
    await sleep(50);
  }
}

async function arrivalsAt(booksUrl: string): Promise<number> {
  return ((await (await fetch(`${booksUrl}/count`)).json()) as { arrivals: number }).arrivals;
}

async function statusesOf(agency: Agency, batchId: string): Promise<ReadonlyMap<string, string>> {
  const statuses = new Map<string, string>();
  for (let page = 1; ; page += 1) {
    const path = `/api/v1/batch/detail?batchId=${batchId}&pageNo=${page}&pageSize=1000`;
    const rows = (await agency.institution.call("GET", path)).body as unknown as Record<string, string>[];
    for (const row of rows) statuses.set(row["payeePartyId"] ?? "", row["status"] ?? "");
    if (rows.length < 1_000) return statuses;
  }
}

/** What is wrong with it; nothing, if every payment has ended and was credited exactly as its status says. */
export function wrongOf(found: KilledBatch, count: number): string[] {
  const wrong: string[] = [];
  if (found.statuses.size !== count) wrong.push(`${found.statuses.size} payments are told, not ${count}`);
  for (const [account, status] of found.statuses) {
    const credited = found.credits.get(account) ?? 0;
    const expected = status === "ACSC" ? 1 : status === "RJCT" ? 0 : -1;
    if (credited !== expected) wrong.push(`${account} is ${status} and was credited ${credited} times`);
  }
  for (const account of found.credits.keys())
    if (!found.statuses.has(account)) wrong.push(`${account} was credited and is no payee`);
  if (!found.balanced) wrong.push("the books do not balance");
  if (found.reconciliation["difference"] !== 0) wrong.push(JSON.stringify(found.reconciliation));
  if (found.reconciliation["held"] !== 0) wrong.push("money is still held for a batch that is settled");
  return wrong;
}
