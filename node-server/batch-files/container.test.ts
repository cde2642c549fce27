import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { openFile, sealFile } from "./container.ts";
import type { Direction } from "./container.ts";
import { FileRefused } from "./refusal.ts";

const institution = nacl.box.keyPair();
const server = nacl.box.keyPair();
const key = nacl.box.before(server.publicKey, institution.secretKey);
const chunk = 65_536;
const headLength = 30;
const random = (length: number) => new Uint8Array(randomBytes(length));

describe("what is sealed is opened again", () => {
  test.each([1, 100, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 7])(
    "%i bytes of content, in whatever pieces they come",
    async (length) => {
      const content = random(length);
      const pieces = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(pieces, pieces, async (contentPieces, filePieces) => {
          const file = await sealed(content, contentPieces);
          expect(await opened(file, "request", filePieces)).toEqual(content);
        }),
        { numRuns: 10 },
      );
    },
  );

  test("no two files are alike, also of the same content", async () => {
    expect(await sealed(random(5))).not.toEqual(await sealed(random(5)));
  });

  test("nothing is written without content", async () => {
    await expect(sealed(new Uint8Array())).rejects.toThrow("has content");
  });

  test("the server's side of the key opens it, by the bytes that the manual tells", async () => {
    const content = random(chunk + 3);
    const file = Buffer.from(await sealed(content));
    expect(file.subarray(0, 6).toString("latin1")).toBe("PPBF\u0001\u0001");
    const prefix = createHash("sha512")
      .update("paypost/1/batch-file/request")
      .update(file.subarray(6, headLength))
      .digest()
      .subarray(0, 15);
    const second = headLength + 4 + chunk + 16;
    expect(file.readUInt32BE(headLength)).toBe(chunk + 16);
    expect(file.readUInt32BE(second)).toBe(3 + 16);
    const box = new Uint8Array(file.subarray(second + 4));
    const nonce = new Uint8Array(Buffer.concat([prefix, Buffer.from("000000000000000101", "hex")]));
    expect(nacl.box.open(box, nonce, institution.publicKey, server.secretKey)).toEqual(content.slice(-3));
  });
});

test("the example of the manual is one, byte by byte", async () => {
  const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");
  const [, hex = ""] = /The file, 199 bytes:\s+```\n([^`]+)```/.exec(page) ?? [];
  const file = new Uint8Array(Buffer.from(hex.replaceAll("\n", ""), "hex"));
  expect(file).toHaveLength(199);
  const keyPair = (from: number) =>
    nacl.box.keyPair.fromSecretKey(Uint8Array.from({ length: 32 }, (_, index) => from + index));
  const exampleKey = nacl.box.before(keyPair(0).publicKey, keyPair(32).secretKey);
  const content = Buffer.from(await opened(file, "request", [], exampleKey)).toString();
  expect(page).toContain(`\`\`\`\n${content}\`\`\``);
  for (const bytes of [keyPair(0).publicKey, keyPair(32).publicKey, exampleKey])
    expect(page).toContain(Buffer.from(bytes).toString("hex"));
});

describe("what was changed is refused", () => {
  test("every file that ends early", async () => {
    const file = await sealed(random(40));
    for (let length = 0; length < file.length; length += 1)
      expect(await refusalOf(file.subarray(0, length))).toMatch(/^(not-a-batch-file|cut-off)$/);
  });

  test("a file cut between two of its boxes", async () => {
    const file = await sealed(random(3 * chunk));
    for (const boxes of [0, 1, 2]) {
      const cut = file.subarray(0, headLength + boxes * (4 + chunk + 16));
      expect(await refusalOf(cut)).toBe(boxes === 0 ? "cut-off" : "not-opened");
    }
  });

  test("every flipped bit of a small file, and any of a large one", async () => {
    const small = await sealed(random(20));
    for (let bit = 0; bit < small.length * 8; bit += 1)
      expect(await refusalOf(flipped(small, bit))).toBeDefined();
    const large = await sealed(random(2 * chunk + 5));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: large.length * 8 - 1 }), async (bit) => {
        expect(await refusalOf(flipped(large, bit))).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  test("boxes in any other order, left out or repeated, within a file or from another of the same content", async () => {
    const content = random(4 * chunk);
    const [ours, other] = [await sealed(content), await sealed(content)];
    const boxes = [...boxesOf(ours), ...boxesOf(other)];
    const orders = fc
      .array(fc.nat({ max: 7 }), { maxLength: 6 })
      .filter((order) => order.join() !== "0,1,2,3");
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const built = Buffer.concat([
          ours.subarray(0, headLength),
          ...order.map((index) => boxes[index] ?? new Uint8Array()),
        ]);
        expect(await refusalOf(new Uint8Array(built))).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  test("bytes behind the end", async () => {
    const file = await sealed(random(40));
    for (const length of [1, 4, 5, 100])
      expect(await refusalOf(Buffer.concat([file, new Uint8Array(length)]))).toBeDefined();
  });

  test("a request that is held out as an answer, also with its direction changed", async () => {
    const file = await sealed(random(40));
    expect(await refusalOf(file, "answer")).toBe("other-direction");
    const turned = new Uint8Array(file);
    turned[5] = 2;
    expect(await refusalOf(turned, "answer")).toBe("not-opened");
  });

  test("a file of another version, and one under another key", async () => {
    const file = await sealed(random(40));
    const newer = new Uint8Array(file);
    newer[4] = 2;
    expect(await refusalOf(newer)).toBe("other-version");
    const stranger = nacl.box.before(server.publicKey, nacl.box.keyPair().secretKey);
    expect(await refusalOf(file, "request", stranger)).toBe("not-opened");
  });

  test("whatever else there is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, withHead) => {
        const file = withHead ? Buffer.concat([Buffer.from("PPBF\u0001\u0001", "latin1"), bytes]) : bytes;
        expect(await refusalOf(new Uint8Array(file))).toBeDefined();
      }),
    );
  });
});

function sealed(content: Uint8Array, pieces: readonly number[] = []): Promise<Uint8Array> {
  return gather(sealFile("request", key, inPieces(content, pieces), random));
}

function opened(
  file: Uint8Array,
  direction: Direction,
  pieces: readonly number[] = [],
  under = key,
): Promise<Uint8Array> {
  return gather(openFile(direction, under, inPieces(file, pieces)));
}

/** Undefined when the file opens to its end. */
async function refusalOf(
  file: Uint8Array,
  direction: Direction = "request",
  under = key,
): Promise<string | undefined> {
  try {
    await opened(file, direction, [], under);
    return undefined;
  } catch (error) {
    if (error instanceof FileRefused) return error.refusal.code;
    throw error;
  }
}

function flipped(file: Uint8Array, bit: number): Uint8Array {
  const changed = new Uint8Array(file);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

function boxesOf(file: Uint8Array): Uint8Array[] {
  const boxes: Uint8Array[] = [];
  for (let start = headLength; start < file.length;) {
    const length = 4 + Buffer.from(file).readUInt32BE(start);
    boxes.push(file.subarray(start, start + length));
    start += length;
  }
  return boxes;
}

/** Pieces of these lengths, then the rest. */
async function* inPieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const length of lengths) {
    yield bytes.subarray(start, start + length);
    start += length;
  }
  yield bytes.subarray(start);
}

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}
