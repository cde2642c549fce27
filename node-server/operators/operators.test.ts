import { describe, expect, test } from "vitest";
import { waitSeconds } from "./lockout.ts";
import { openSecret, sealSecret, stepOfCode } from "./one-time-code.ts";
import { argon2id, hashPassword, isPassword, javascriptArgon2id } from "./password.ts";

const zeros = (length: number) => new Uint8Array(length);

describe("passwords", () => {
  test("are the same function on every runtime", async () => {
    const salt = Uint8Array.from({ length: 16 }, (_, place) => place);
    expect(await javascriptArgon2id("a password", salt)).toEqual(await argon2id("a password", salt));
  });

  test("are hashed with a salt of their own, and told from others", async () => {
    const [first, second] = await Promise.all([hashPassword("a password"), hashPassword("a password")]);
    expect(first).not.toBe(second);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await isPassword("a password", first)).toBe(true);
    expect(await isPassword("a passwort", first)).toBe(false);
    expect(await isPassword("a password", undefined)).toBe(false);
  });

  test("are the same however the keyboard composes them", async () => {
    expect(await isPassword("cafe\u0301 au lait", await hashPassword("caf\u00e9 au lait"))).toBe(true);
  });
});

describe("codes of an authenticator app", () => {
  // RFC 6238, appendix B: SHA-1, the last six of the eight digits.
  const secret = new TextEncoder().encode("12345678901234567890");
  test.each([
    [59, "287082", 1],
    [1_111_111_109, "081804", 37_037_036],
    [20_000_000_000, "353130", 666_666_666],
  ])("at %d seconds %s is right", (seconds, code, step) => {
    expect(stepOfCode(secret, code, seconds * 1000)).toBe(step);
    expect(stepOfCode(secret, code, (seconds + 30) * 1000)).toBe(step);
    expect(stepOfCode(secret, code, (seconds + 90) * 1000)).toBe(null);
  });

  test.each(["", "28708", "2870821", "28708a", "２８７０８２"])("%j is none", (code) => {
    expect(stepOfCode(secret, code, 59_000)).toBe(null);
  });

  test("their secrets open under the key that sealed them only", () => {
    const key = zeros(32).fill(7);
    const sealed = sealSecret(key, secret, zeros);
    expect(openSecret(key, sealed)).toEqual(secret);
    expect(() => openSecret(zeros(32), sealed)).toThrow("another key");
  });
});

test("the wait grows from the fifth try that failed, to an hour and no further", () => {
  expect([1, 4, 5, 6, 7, 11, 12, 13, 1000].map(waitSeconds)).toEqual([
    0, 0, 30, 60, 120, 1920, 3600, 3600, 3600,
  ]);
});
