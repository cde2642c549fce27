import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errors, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../test/support/processes.ts";
import { loadCallerRules } from "./caller-rules.ts";
import { readConfig } from "./config.ts";
import type { Config } from "./config.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-issuer-"));
});
afterAll(() => rm(folder, { recursive: true }));

function configOf(environment: Readonly<Record<string, string>>): Config {
  const read = readConfig({ PAYPOST_DATA: folder, ...environment });
  if (!read.ok) throw new Error(read.mistakes.map(({ message }) => message).join("\n"));
  return read.config;
}

const token = (environment: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  run("node-server/cli/main.ts", ["token", ...args], { PAYPOST_DATA: folder, ...environment });

test("a server without settings takes the tokens of this command, which needs no database", async () => {
  const { code, stdout } = await token(
    {},
    "--institution",
    "welfare",
    "--scope",
    "vouchers:read",
    "--hours",
    "2",
  );
  expect(code).toBe(0);
  const { keys, issuer, audience } = await loadCallerRules(configOf({}));
  const { payload } = await jwtVerify(stdout.trim(), keys, { audience, issuer: issuer ?? "" });
  expect(payload).toMatchObject({ client_id: "welfare", scope: "vouchers:read" });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(7200);
});

test.each([
  ["its own issuer", { PAYPOST_JWKS: "keys.json" }],
  ["a database that others may reach", { DATABASE_URL: "postgres://db.example/paypost" }],
  ["an address that others reach", { HOST: "0.0.0.0" }],
])("a server with %s takes none of them, and the command makes none", async (_claim, environment) => {
  const { stdout } = await token({}, "--institution", "welfare");
  const refused = await token(environment, "--institution", "welfare");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  if ("PAYPOST_JWKS" in environment) return;
  const { keys } = await loadCallerRules(configOf(environment));
  await expect(jwtVerify(stdout.trim(), keys)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
});

test.each([
  [[]],
  [["--institution", "welfare", "--scope", "vouchers:fly"]],
  [["--institution", "w", "--hours", "0"]],
])("the command refuses %j", async (args) =>
  expect(await token({}, ...args)).toMatchObject({ code: 2, stdout: "" }),
);

test("its key is encrypted like the others, and without their secret no token is made", async () => {
  const data = join(folder, "encrypted");
  const secret = { PAYPOST_DATA: data, PAYPOST_KEYS_SECRET: "a secret of thirty-two characters, at least" };
  expect((await token(secret, "--institution", "welfare")).code).toBe(0);
  const refused = await token({ PAYPOST_DATA: data }, "--institution", "welfare");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("set PAYPOST_KEYS_SECRET");
});
