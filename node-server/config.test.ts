import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { variables } from "./config-variables.ts";
import { readConfig, type Config } from "./config.ts";

describe("what is read", () => {
  test("an empty environment gives the documented defaults, and other programs' variables are ignored", () => {
    expect(configOf({ HOME: "/root", PGHOST: "elsewhere" })).toEqual({
      host: "127.0.0.1",
      port: 3000,
      dataFolder: resolve("data"),
      keysFolder: resolve("data/keys"),
      keysSecret: undefined,
      databaseUrl: undefined,
      electric: undefined,
      callers: { jwks: undefined, issuer: undefined, audience: "paypost" },
      trustedProxies: [],
      xRoadServers: [],
      rates: {
        caller: { perSecond: 200, burst: 2000 },
        node: { perSecond: 50, burst: 500 },
        address: { perSecond: 20, burst: 200 },
        enrolment: { perSecond: 0.1, burst: 10 },
      },
      mostWaiting: 100,
      leaseGraceHours: 24,
      allowPrivateCallbacks: false,
      stopDelaySeconds: 0,
      logLevel: "info",
    });
  });

  test("every variable reaches its setting", () => {
    const config = configOf({
      HOST: "0.0.0.0",
      PORT: "8080",
      PAYPOST_DATA: "/var/lib/paypost",
      DATABASE_URL: "postgres://paypost:secret@db/paypost",
      ELECTRIC_URL: "http://electric:3001",
      ELECTRIC_SECRET: "hush",
      PAYPOST_KEYS: "/etc/paypost/keys",
      PAYPOST_KEYS_SECRET: "correct horse battery staple again",
      PAYPOST_JWKS: "https://id.example/jwks.json",
      PAYPOST_ISSUER: "https://id.example",
      PAYPOST_AUDIENCE: "payments",
      PAYPOST_TRUSTED_PROXY: "10.0.0.5, 10.1.0.0/16",
      PAYPOST_X_ROAD_SERVERS: "10.0.0.9",
      PAYPOST_RATE_CALLER: "1/10",
      PAYPOST_RATE_NODE: "0.5/5",
      PAYPOST_RATE_ADDRESS: "off",
      PAYPOST_RATE_ENROLMENT: "2/3",
      PAYPOST_MOST_WAITING: "7",
      PAYPOST_LEASE_GRACE_HOURS: "0.5",
      PAYPOST_ALLOW_PRIVATE_CALLBACKS: "true",
      PAYPOST_STOP_DELAY_SECONDS: "5",
      LOG_LEVEL: "debug",
    });
    expect(config).toEqual({
      host: "0.0.0.0",
      port: 8080,
      dataFolder: "/var/lib/paypost",
      keysFolder: "/etc/paypost/keys",
      keysSecret: "correct horse battery staple again",
      databaseUrl: "postgres://paypost:secret@db/paypost",
      electric: { url: "http://electric:3001", secret: "hush" },
      callers: {
        jwks: { url: new URL("https://id.example/jwks.json") },
        issuer: "https://id.example",
        audience: "payments",
      },
      trustedProxies: ["10.0.0.5", "10.1.0.0/16"],
      xRoadServers: ["10.0.0.9"],
      rates: {
        caller: { perSecond: 1, burst: 10 },
        node: { perSecond: 0.5, burst: 5 },
        address: undefined,
        enrolment: { perSecond: 2, burst: 3 },
      },
      mostWaiting: 7,
      leaseGraceHours: 0.5,
      allowPrivateCallbacks: true,
      stopDelaySeconds: 5,
      logLevel: "debug",
    });
  });

  test("the keys lie under the data folder unless they are put elsewhere", () => {
    expect(configOf({ PAYPOST_DATA: "/srv/paypost" }).keysFolder).toBe("/srv/paypost/keys");
  });

  test("a key set that is no URL is a file", () => {
    expect(configOf({ PAYPOST_JWKS: "keys/issuer.json" }).callers.jwks).toEqual({
      file: resolve("keys/issuer.json"),
    });
  });

  test("an empty variable counts as unset", () => {
    expect(configOf({ PORT: "", DATABASE_URL: "" })).toEqual(configOf({}));
  });
});

describe("what is refused", () => {
  test.each([
    ["HOST", "my host"],
    ["PORT", "http"],
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["DATABASE_URL", "mysql://db/paypost"],
    ["DATABASE_URL", "db.internal"],
    ["PAYPOST_JWKS", "http://id.example/jwks.json"],
    ["PAYPOST_KEYS_SECRET", "short"],
    ["PAYPOST_TRUSTED_PROXY", "proxy.example"],
    ["PAYPOST_TRUSTED_PROXY", "10.0.0.0/33"],
    ["PAYPOST_X_ROAD_SERVERS", "10.0.0"],
    ["PAYPOST_RATE_CALLER", "fast"],
    ["PAYPOST_RATE_NODE", "0/10"],
    ["PAYPOST_RATE_ADDRESS", "5/0"],
    ["PAYPOST_MOST_WAITING", "0"],
    ["PAYPOST_LEASE_GRACE_HOURS", "a day"],
    ["PAYPOST_LEASE_GRACE_HOURS", "-1"],
    ["PAYPOST_LEASE_GRACE_HOURS", "2161"],
    ["PAYPOST_ALLOW_PRIVATE_CALLBACKS", "yes"],
    ["PAYPOST_METRICS_TOKEN", "short"],
    ["PAYPOST_STOP_DELAY_SECONDS", "a while"],
    ["PAYPOST_WAL_ARCHIVE", 'a "folder"'],
    ["LOG_LEVEL", "loud"],
  ])("%s=%s, with the variable's name and what it must be", (name, value) => {
    const [mistake, ...others] = mistakesOf({ [name]: value });
    expect(mistake?.variable).toBe(name);
    expect(mistake?.message).toMatch(
      new RegExp(`^${name} is .*, but must be .+\\. Correct it, or remove it for .+`),
    );
    expect(others).toEqual([]);
  });

  test("all mistakes are told at once", () => {
    const mistakes = mistakesOf({
      PORT: "http",
      LOG_LEVEL: "loud",
      ELECTRIC_SECRET: "hush",
      PAYPOST_KEY: "x",
    });
    expect(mistakes.map(({ variable }) => variable).toSorted()).toEqual([
      "ELECTRIC_SECRET",
      "LOG_LEVEL",
      "PAYPOST_KEY",
      "PORT",
    ]);
  });

  test("a PAYPOST_ variable that does not exist is told, with those that do", () => {
    const [mistake] = mistakesOf({ PAYPOST_KEY: "/etc/keys" });
    expect(mistake?.variable).toBe("PAYPOST_KEY");
    expect(mistake?.message).toContain("PAYPOST_KEYS");
  });

  test.each([
    [{ ELECTRIC_URL: "http://electric:3001", DATABASE_URL: "postgres://db/paypost" }, "ELECTRIC_URL"],
    [{ ELECTRIC_URL: "http://electric:3001", ELECTRIC_SECRET: "hush" }, "ELECTRIC_URL"],
    [{ ELECTRIC_SECRET: "hush" }, "ELECTRIC_SECRET"],
    [{ PAYPOST_ISSUER: "https://id.example" }, "PAYPOST_ISSUER"],
  ])("%o, which does nothing alone", (environment, variable) => {
    expect(mistakesOf(environment).map((mistake) => mistake.variable)).toEqual([variable]);
  });

  test("no message repeats a password or a secret", () => {
    const told = JSON.stringify(
      mistakesOf({ DATABASE_URL: "mysql://paypost:hunter2@db/paypost", ELECTRIC_SECRET: "hunter2" }),
    );
    expect(told).not.toContain("hunter2");
  });
});

describe("what is warned of", () => {
  const electric = { ELECTRIC_URL: "http://electric:3001", ELECTRIC_SECRET: "hush" };

  test("a database URL without a password, but only where Electric is used", () => {
    const database = { DATABASE_URL: "postgres://paypost@db/paypost" };
    expect(warningsOf(database)).toEqual([]);
    expect(warningsOf({ ...electric, ...database })).toEqual([expect.stringContaining("no password")]);
    expect(warningsOf({ ...electric, DATABASE_URL: "postgres://paypost:secret@db/paypost" })).toEqual([]);
  });
});

test("docs/configuration.md lists exactly these variables, with their defaults and meanings", () => {
  const page = readFileSync(new URL("../docs/configuration.md", import.meta.url), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(
    variables.map(({ name, default: value, meaning }) => [`\`${name}\``, value && `\`${value}\``, meaning]),
  );
});

function configOf(environment: Record<string, string>): Config {
  return accepted(environment).config;
}

function warningsOf(environment: Record<string, string>): readonly string[] {
  return accepted(environment).warnings;
}

function accepted(environment: Record<string, string>) {
  const read = readConfig(environment);
  if (!read.ok) throw new Error(read.mistakes.map(({ message }) => message).join("\n"));
  return read;
}

function mistakesOf(environment: Record<string, string>) {
  const read = readConfig(environment);
  if (read.ok) throw new Error("the environment was not refused");
  return read.mistakes;
}
