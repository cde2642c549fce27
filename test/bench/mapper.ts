/**
 * The account mapper with 1,000,000 payees (or as many as the first argument says) through real processes: `npm run
 * test:mapper`. Prints how long a file, a request of 10,000 and look-ups over HTTP take, and fails below 500 look-ups a second.
 */
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Institution } from "../support/institution.ts";
import { start } from "../support/processes.ts";
import { cpuSeconds, peakMiB } from "./process-use.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const mostInRequest = 10_000;
const lookUpSeconds = 20;
const leastLookUps = 500;
const atOnce = 32;

const folder = await mkdtemp(join(tmpdir(), "paypost-mapper-"));
// What is measured is how much the server can, not how much it lets through.
const installation = await prepareInstallation(folder, { PAYPOST_RATE_CALLER: "off" });
const { running: server, url } = await startServer(installation);
try {
  process.exitCode = (await bench()) ? 0 : 1;
} finally {
  server.child.kill("SIGTERM");
  await server.finished;
  await installation.receiver.close();
  await rm(folder, { recursive: true, force: true });
}

async function bench(): Promise<boolean> {
  console.log(`${count} payees, ${cpus().length} processors (${cpus()[0]?.model.trim()})`);
  const ministry = await registerInstitution(installation, url, "welfare");
  const file = join(folder, "payees.csv");
  await pipeline(csv(), createWriteStream(file));
  const begun = performance.now();
  const loaded = await load(file);
  const fileSeconds = (performance.now() - begun) / 1_000;
  told("the file", `${fileSeconds.toFixed(1)} s (${Math.round(count / fileSeconds)} payees a second)`);
  const requestSeconds = await registerByRequest(ministry);
  told("a request of 10,000, to its callback", `${requestSeconds.toFixed(1)} s`);
  const token = await installation.issuer.token("welfare");
  // The database is no child of the server.
  const cluster = join(folder, "server", "postgres", "cluster", "postmaster.pid");
  const postmaster = Number((await readFile(cluster, "utf8")).split("\n")[0]);
  const cpuBefore = await cpuSeconds([server.child.pid, postmaster]);
  const { rate, times, wrong } = await lookUp(token);
  const cpuMs = ((await cpuSeconds([server.child.pid, postmaster])) - cpuBefore) * 1_000;
  told("look-ups", `${rate.toFixed(0)} a second (${atOnce} at once, ${lookUpSeconds} s)`);
  for (const part of [0.5, 0.95, 0.99])
    told(
      `… answered within, ${100 * part} %`,
      `${(times[Math.floor(times.length * part)] ?? 0).toFixed(1)} ms`,
    );
  told("processor time of server and database", `${(cpuMs / times.length).toFixed(2)} ms a look-up`);
  told("load average", (await readFile("/proc/loadavg", "utf8")).split(" ").slice(0, 2).join(" "));
  told("server, peak memory", `${(await peakMiB(server.child.pid)).toFixed(0)} MiB`);
  const claims: readonly (readonly [string, boolean])[] = [
    [`all ${count} payees were registered`, loaded.done === count && loaded.failed === 0],
    ["every look-up got the payee's own address", wrong === 0],
    [`at least ${leastLookUps} look-ups a second`, rate >= leastLookUps],
  ];
  for (const [claim, held] of claims) console.log(`${held ? "yes" : "NO "}  ${claim}`);
  return claims.every(([, held]) => held);
}

function told(what: string, figure: string): void {
  console.log(`${what.padEnd(40)}${figure}`);
}

function phoneOf(index: number): string {
  return `+2547${String(index).padStart(8, "0")}`;
}

async function* csv(): AsyncGenerator<string> {
  yield "payeeIdentity,paymentModality,bankingInstitutionCode,financialAddress\n";
  for (let from = 0; from < count; from += 10_000) {
    const until = Math.min(count, from + 10_000);
    const rows = Array.from({ length: until - from }, (_, index) => from + index);
    yield rows.map((index) => `ID-${index},01,MPESA,${phoneOf(index)}\n`).join("");
  }
}

async function load(file: string): Promise<{ readonly done: number; readonly failed: number }> {
  const args = ["payees", "load", file, "--institution", "welfare", "--program", "relief", "--json"];
  const command = start("node-server/cli/main.ts", args, installation.environment);
  const { code, stdout, stderr } = await command.finished;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { done: number; failed: number };
}

async function registerByRequest(ministry: Institution): Promise<number> {
  const begun = performance.now();
  const requestID = ministry.nextRequestId();
  const beneficiaries = Array.from({ length: mostInRequest }, (_, index) => ({
    payeeIdentity: `NEW-${index}`,
    paymentModality: "01",
    financialAddress: phoneOf(index),
  }));
  await ministry.call("POST", "/beneficiary", { requestID, beneficiaries });
  const { body } = await ministry.receiver.waitFor(
    (callback) => callback.body["registerRequestID"] === requestID,
  );
  if (body["numberFailedCases"] !== 0) throw new Error("not every payee of the request was registered");
  return (performance.now() - begun) / 1_000;
}

async function lookUp(token: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const times: number[] = [];
  let wrong = 0;
  let seed = 1;
  // Payees all over the table, the same ones in each run.
  const next = () => (seed = (seed * 48_271) % 2_147_483_647) % count;
  const until = performance.now() + lookUpSeconds * 1_000;
  const ask = async () => {
    while (performance.now() < until) {
      const index = next();
      const asked = performance.now();
      const text = await get(agent, `${url}/beneficiary?requestId=q&payeeIdentity=ID-${index}`, token);
      times.push(performance.now() - asked);
      if (!text.includes(`"financialAddress":"${phoneOf(index)}"`)) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  agent.destroy();
  return { rate: times.length / lookUpSeconds, times: times.toSorted((a, b) => a - b), wrong };
}

function get(agent: Agent, address: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "X-Registering-Institution-ID": "welfare" };
  return new Promise((resolve, reject) => {
    const sent = request(address, { agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.end();
  });
}
