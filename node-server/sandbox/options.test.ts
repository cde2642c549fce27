import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readSandboxOptions } from "./options.ts";

describe("what is read", () => {
  test("a seed is enough: port 3333, and a data folder of the sandbox's own", () => {
    const read = readSandboxOptions(["--seed", "a.json"], { HOME: "/root", PORT: "80", HOST: "" });
    expect(read).toMatchObject({
      ok: true,
      options: {
        seedFile: "a.json",
        port: 3333,
        reset: false,
        config: { dataFolder: resolve("data/sandbox"), allowPrivateCallbacks: true, databaseUrl: undefined },
      },
    });
  });

  test("port, reset and the ordinary settings are taken", () => {
    const environment = {
      PAYPOST_DATA: "/srv/sandbox",
      DATABASE_URL: "postgres://u:p@db/sandbox",
      HOST: "127.0.0.1",
    };
    const read = readSandboxOptions(["--seed=a.json", "--port", "0", "--reset"], environment);
    expect(read).toMatchObject({
      ok: true,
      options: {
        port: 0,
        reset: true,
        config: { keysFolder: "/srv/sandbox/keys", databaseUrl: "postgres://u:p@db/sandbox" },
      },
    });
  });
});

describe("what is refused", () => {
  test.each([
    ["no seed", [], {}, /--seed is missing/],
    ["an unknown option", ["--seed", "a", "--host", "0.0.0.0"], {}, /--host/],
    ["a port that is none", ["--seed", "a", "--port", "http"], {}, /PORT is "http"/],
    ["every other address", ["--seed", "a"], { HOST: "0.0.0.0" }, /127\.0\.0\.1 and ::1 only/],
    ["the keys of a real server", ["--seed", "a"], { PAYPOST_KEYS: "/etc/paypost/keys" }, /PAYPOST_KEYS/],
    [
      "the callers of a real server",
      ["--seed", "a"],
      { PAYPOST_JWKS: "https://id.example/jwks" },
      /PAYPOST_JWKS/,
    ],
    ["a misspelt setting", ["--seed", "a"], { PAYPOST_DATAA: "x" }, /PAYPOST_DATAA/],
  ])("%s", (_name, args, environment, mistake) => {
    const read = readSandboxOptions(args, environment);
    expect(read.ok ? [] : read.mistakes).toContainEqual(expect.stringMatching(mistake));
  });
});
