/**
 * A batch file of 100,000 vouchers (or as many as the first argument says) through real processes, after a request for
 * 10,000: `npm run test:batch-file`. Prints the time of each phase and the peak memory of server and command, and fails above a bound.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import type { Institution } from "../support/institution.ts";
import { start } from "../support/processes.ts";
import type { Running } from "../support/processes.ts";
import { peakMiB } from "./process-use.ts";

const count = Number(process.argv[2] ?? 100_000);
const mostInRequest = 10_000;
const mostServerMiB = 512;
const mostCommandMiB = 256;

const folder = await mkdtemp(join(tmpdir(), "paypost-batch-file-"));
const installation = await prepareInstallation(folder);
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
  const ministry = await registerInstitution(installation, url, "welfare");
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(
    installation,
    "group",
    "fund",
    "FOO",
    `${(count + mostInRequest) * 10}.00`,
    "USD",
    "--reference",
    "t-1",
  );
  const file = join(folder, "vouchers.csv");
  await writeFile(file, csv());
  const idleMiB = await peakMiB(server.child.pid);
  const requestSeconds = await request(ministry);
  const { peak, phases } = await watch(await send(installation, ministry, file));
  const serverPeak = await peakMiB(server.child.pid);
  const answer = (await readFile(`${file}.vouchers.csv`, "utf8")).trimEnd().split("\n").slice(1);
  const numbers = new Set(answer.map((line) => line.split(",")[3]));
  const { balanced } = (await operate(installation, "books")) as { balanced: boolean };
  for (const [name, seconds] of [["a request for 10,000", requestSeconds] as const, ...phases])
    console.log(`${name.padEnd(28)}${seconds.toFixed(1).padStart(8)} s`);
  console.log(
    `server, peak memory         ${serverPeak.toFixed(0).padStart(8)} MiB (${idleMiB.toFixed(0)} before)`,
  );
  console.log(`command, peak memory        ${peak.toFixed(0).padStart(8)} MiB`);
  const claims: readonly (readonly [string, boolean])[] = [
    [`${count} vouchers, each with a number of its own`, answer.length === count && numbers.size === count],
    ["the books balance", balanced],
    [`the server stayed below ${mostServerMiB} MiB`, serverPeak < mostServerMiB],
    [`the command stayed below ${mostCommandMiB} MiB`, peak < mostCommandMiB],
  ];
  for (const [claim, held] of claims) console.log(`${held ? "yes" : "NO "}  ${claim}`);
  return claims.every(([, held]) => held);
}

/** From the request to the callback that holds every voucher. */
async function request(ministry: Institution): Promise<number> {
  const begun = performance.now();
  const requestID = ministry.nextRequestId();
  const voucherInstructions = Array.from({ length: mostInRequest }, (_, index) => ({
    instructionID: `i-${index}`,
    groupCode: "FOO",
    currency: "USD",
    amount: 7.5,
  }));
  await ministry.call("POST", "/vouchers", { requestID, batchID: requestID, voucherInstructions });
  const { body } = await ministry.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
  const results = body["voucherInstructions"] as { readonly status: string }[];
  if (results.filter(({ status }) => status === "created").length !== mostInRequest)
    throw new Error("not every voucher of the request was made");
  return (performance.now() - begun) / 1_000;
}

function csv(): string {
  const rows = Array.from({ length: count }, (_, index) => `id-${index},7.50,USD,FOO,Household ${index}`);
  return `uniqueId,amount,currency,voucherGroup,narration\n${rows.join("\n")}\n`;
}

async function send({ issuer }: Installation, ministry: Institution, file: string): Promise<Running> {
  return start(
    "node-server/cli/main.ts",
    ["vouchers", "batch", file, "--server", url, "--program", "relief"],
    {
      PAYPOST_TOKEN: await issuer.token("welfare"),
      PAYPOST_BOX_SECRET: Buffer.from(ministry.keys.secretKey).toString("base64"),
    },
  );
}

/** Phases as the command tells of them. */
async function watch(command: Running) {
  const begun = performance.now();
  const marks = new Map<string, number>();
  const mark = (name: string) => marks.has(name) || marks.set(name, (performance.now() - begun) / 1_000);
  command.child.stderr?.on("data", (text: string) => {
    if (text.includes("sending")) mark("sending");
    if (text.includes(" made, ")) mark("accepted");
    if (text.includes("(100 %)")) mark("made");
  });
  let peak = 0;
  const sampling = setInterval(
    () => void peakMiB(command.child.pid).then((mib) => (peak = Math.max(peak, mib))),
    100,
  );
  const { code, stderr } = await command.finished;
  clearInterval(sampling);
  if (code !== 0) throw new Error(stderr);
  mark("written");
  const at = (name: string) => marks.get(name) ?? Number.NaN;
  const phases: readonly (readonly [string, number])[] = [
    ["the file is read and checked", at("sending")],
    ["sent, opened and stored", at("accepted") - at("sending")],
    ["the vouchers are made", at("made") - at("accepted")],
    ["the answer is read", at("written") - at("made")],
  ];
  return { peak, phases };
}
