import { describe, expect, test } from "vitest";
import { gunzip, gzip } from "./gzip.ts";

describe("gzip", () => {
  test("gives back what it packed, the empty one too", async () => {
    for (const length of [0, 1, 1000, 300_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 251);
      expect(await gunzip(await gzip(bytes), 300_000)).toEqual({ ok: true, bytes });
    }
  });

  test("gives up at the bound, long before a small body has become a large one", async () => {
    const bomb = await gzip(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(60_000);
    expect(await gunzip(bomb, 1_048_576)).toEqual({ ok: false, refusal: "too-large" });
    expect(await gunzip(await gzip(new Uint8Array(11)), 10)).toEqual({ ok: false, refusal: "too-large" });
  });

  test("refuses what is no gzip, is cut short, or was changed", async () => {
    const packed = await gzip(new TextEncoder().encode("a".repeat(100)));
    const changed = Uint8Array.from(packed);
    changed[changed.length - 6] = (changed[changed.length - 6] ?? 0) ^ 1;
    for (const bad of [new Uint8Array([1, 2, 3]), packed.subarray(0, packed.length - 3), changed]) {
      expect(await gunzip(bad, 1000)).toEqual({ ok: false, refusal: "not-gzip" });
    }
  });
});
