import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCbor, encodeCbor } from "../signing/cbor.ts";
import type { CborValue } from "../signing/cbor.ts";
import { readDocument, signDocumentSync } from "../signing/cose.ts";
import { createSyncSigner } from "../signing/signers.ts";
import { encodeOperation } from "./operation.ts";
import { decodeUpload, encodeUpload } from "./upload.ts";
import type { UploadedOperation } from "./upload.ts";

const signer = createSyncSigner("operation", new Uint8Array(32).fill(1));
const start = new Uint8Array(32).fill(0xcc);

function chain(length: number): UploadedOperation[] {
  let previousHash: Uint8Array = start;
  return Array.from({ length }, (_, index) => {
    const payload = encodeOperation({
      nodeId: "0192f000-0000-7000-8000-000000000001",
      operationId: `0192f000-0000-7000-8000-${String(index).padStart(12, "0")}`,
      sequence: index + 1,
      previousHash,
      wallTimeMs: 1_700_000_000_000,
      bootId: "00000000-0000-4000-8000-000000000001",
      sinceBootMs: 1000,
      lastServerTimeMs: 1_700_000_000_000,
      policyVersion: 0,
      anchored: true,
      actor: "Ann",
      body: { type: "release-lease", serial: 12n, epoch: { generation: 1, n: 1 } },
    });
    const { bytes, hash } = signDocumentSync(signer, payload);
    previousHash = hash;
    return { signed: bytes, sealed: index % 2 === 0 ? new Uint8Array(72).fill(index) : null };
  });
}

function upload(operations: readonly UploadedOperation[]) {
  return {
    generation: 1,
    afterSequence: 0,
    afterHash: start,
    operations,
    wallMs: null,
    lastSequence: null,
    evidence: null,
  };
}

describe("an upload", () => {
  test("brings every operation as it was signed, in whatever order and whatever it is", () => {
    const operations = chain(6);
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(...operations),
            fc.record({ signed: fc.uint8Array({ minLength: 1, maxLength: 200 }), sealed: fc.constant(null) }),
          ),
          { maxLength: 8 },
        ),
        (some) => {
          const decoded = decodeUpload(encodeUpload(upload(some)));
          const read = some.map((each) => ({ ...each, document: readDocument("operation", each.signed) }));
          expect(decoded).toEqual({ ok: true, value: { ...upload(some), operations: read } });
        },
      ),
    );
  });

  test("does not bring what its reader knows: each hash of the operation before", () => {
    const operations = chain(10);
    const bytes = encodeUpload(upload(operations)).length;
    const whole = operations.reduce(
      (sum, { signed, sealed }) => sum + signed.length + (sealed?.length ?? 0),
      0,
    );
    expect(whole - bytes).toBeGreaterThan(10 * 20);
  });

  test("that names a place outside its operation cannot be read", () => {
    const [operation] = chain(1);
    if (!operation) throw new Error("no operation");
    const bytes = encodeUpload(upload([operation]));
    const decoded = decodeCbor(bytes);
    if (!decoded.ok || !(decoded.value instanceof Map)) throw new Error("not a map");
    const rows = decoded.value.get(4) as CborValue[][];
    (rows[0] ?? [])[2] = 4000;
    expect(decodeUpload(encodeCbor(decoded.value))).toEqual({
      ok: false,
      refusal: { code: "out-of-range", field: "operations[0].hashAt" },
    });
  });
});
