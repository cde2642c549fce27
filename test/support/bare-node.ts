/**
 * A node made of nothing but keys and the wire formats, so that tests can send what an honest one never would:
 * gaps, forks, other people's vouchers.
 */
import { randomBytes } from "node:crypto";
import nacl from "tweetnacl";
import { decodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { openSelfSignedKeySet, trustedKeys } from "#sync/documents/key-set.ts";
import type { KeySet } from "#sync/documents/key-set.ts";
import type { Epoch } from "#sync/documents/lease.ts";
import { openAs } from "#sync/documents/open.ts";
import { encodeOperation } from "#sync/documents/operation.ts";
import type { Operation, OperationBody, RedeemVoucher, RedemptionMode } from "#sync/documents/operation.ts";
import { encodeSessionAssertion } from "#sync/documents/session-assertion.ts";
import { encodeUpload } from "#sync/documents/upload.ts";
import type { UploadedOperation } from "#sync/documents/upload.ts";
import { decodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { VerdictList } from "#sync/documents/verdict-list.ts";
import { commitmentOf, openingFor, sealNumber } from "#sync/documents/voucher-number.ts";
import { uuidv7 } from "#sync/ids.ts";
import { hashOf, parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";
import { createNativeSigner } from "../../desktop/worker/native-signer.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));

export interface SignedOperation extends UploadedOperation {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

export interface UploadAnswer {
  readonly status: number;
  readonly verdicts: VerdictList | undefined;
  /** The list as it was signed. */
  readonly document?: Uint8Array;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Identity {
  readonly nodeId: string;
  readonly certificateHash: Uint8Array;
  readonly keySet: KeySet;
  readonly generation: number;
}

export class BareNode {
  readonly url: string;
  readonly identity: Identity;
  readonly seed: Uint8Array;
  /** Where this node believes its own chain to end. */
  head: { sequence: number; hash: Uint8Array };
  readonly #operations: SyncSigner;
  readonly #sessions: SyncSigner;
  /** What this node says its wall clock shows. */
  wallMs: () => number = Date.now;
  #assertions = 0;
  #token = "";

  constructor(url: string, seed: Uint8Array, identity: Identity) {
    this.url = url;
    this.seed = seed;
    this.identity = identity;
    this.head = { sequence: 0, hash: identity.certificateHash };
    const key = ed25519Key(seed);
    this.#operations = createNativeSigner("operation", key);
    this.#sessions = createNativeSigner("session-assertion", key);
  }

  static async enrol(url: string, code: string): Promise<BareNode> {
    const seed = random(32);
    const keys = nacl.sign.keyPair.fromSeed(seed);
    const proof = nacl.sign.detached(Buffer.from(`paypost/1/enrolment-proof/${code}`), keys.secretKey);
    const response = await fetch(`${url}/v1/enrolments`, {
      method: "POST",
      body: JSON.stringify({ code, publicKey: base64(keys.publicKey), proof: base64(proof) }),
    });
    const answer = (await response.json()) as { certificate: string; keySet: string; generation: number };
    if (response.status !== 200) throw new Error(`enrolment was refused: ${JSON.stringify(answer)}`);
    const keySet = await openSelfSignedKeySet(fromBase64(answer.keySet));
    const certificate = parseDocument(fromBase64(answer.certificate));
    if (!keySet.ok || !certificate.ok) throw new Error("the server's documents cannot be read");
    const decoded = decodeEnrolmentCertificate(certificate.payload);
    if (!decoded.ok) throw new Error("the certificate cannot be read");
    return new BareNode(url, seed, {
      nodeId: decoded.value.nodeId,
      certificateHash: hashOf("enrolment-certificate", certificate),
      keySet: keySet.value,
      generation: answer.generation,
    });
  }

  /** The same node elsewhere: its chain and its assertions go on from where the other's were. */
  resumeAfter(other: BareNode): void {
    this.head = other.head;
    this.#assertions = other.#assertions;
  }

  /** The same node elsewhere, with a chain of its own. */
  resumeAssertions(other: BareNode): void {
    this.#assertions = other.#assertions;
  }

  redeem(
    voucher: { readonly serialNumber: string; readonly number: string },
    rest: {
      readonly mode?: RedemptionMode;
      readonly epoch?: Epoch | null;
      readonly amountMinor?: bigint;
      readonly lastServerTimeMs?: number;
      readonly deniedAsOfMs?: number;
      readonly authentication?: RedeemVoucher["authentication"];
      readonly cashOut?: RedeemVoucher["cashOut"];
      readonly change?: Partial<Operation>;
    } = {},
  ): SignedOperation {
    const opening = openingFor(voucher.number, random);
    const sealed = sealNumber(this.identity.keySet.serverBoxKey, opening, random);
    const body: OperationBody = {
      type: "redeem-voucher",
      serial: BigInt(voucher.serialNumber),
      mode: rest.mode ?? "leased",
      epoch: rest.epoch === undefined ? { generation: this.identity.generation, n: 1 } : rest.epoch,
      amountMinor: rest.amountMinor ?? 700n,
      currency: "USD",
      numberCommitment: commitmentOf(opening),
      deniedAsOfMs: rest.mode === "at-risk" ? (rest.deniedAsOfMs ?? Date.now()) : null,
      authentication: rest.authentication ?? null,
      cashOut: rest.cashOut ?? null,
    };
    return this.sign(body, {
      sealed,
      lastServerTimeMs: rest.lastServerTimeMs ?? Date.now(),
      ...(rest.change && { change: rest.change }),
    });
  }

  /** Cash was taken for a bill. */
  payBill(billId: string, amountMinor: bigint, lastServerTimeMs = Date.now()): SignedOperation {
    return this.sign({ type: "pay-bill", billId, amountMinor, currency: "USD" }, { lastServerTimeMs });
  }

  /** The cash of a payment was given back. */
  refundBill(payment: SignedOperation, billId: string, amountMinor: bigint): SignedOperation {
    return this.sign({ type: "refund-bill", payment: payment.hash, billId, amountMinor, currency: "USD" });
  }

  /** A leased voucher is to pay a bill. */
  payBillWith(
    voucher: { readonly serialNumber: string; readonly number: string },
    billId: string,
    amountMinor: bigint,
  ): SignedOperation {
    const opening = openingFor(voucher.number, random);
    const sealed = sealNumber(this.identity.keySet.serverBoxKey, opening, random);
    const body: OperationBody = {
      type: "pay-bill-with-voucher",
      billId,
      serial: BigInt(voucher.serialNumber),
      mode: "leased",
      epoch: { generation: this.identity.generation, n: 1 },
      amountMinor,
      currency: "USD",
      numberCommitment: commitmentOf(opening),
    };
    return this.sign(body, { sealed });
  }

  release(serialNumber: string, n = 1): SignedOperation {
    const epoch = { generation: this.identity.generation, n };
    return this.sign({ type: "release-lease", serial: BigInt(serialNumber), epoch });
  }

  /** Signs the next operation of the chain and moves the head; `change` spoils it first. */
  sign(
    body: OperationBody,
    rest: {
      readonly sealed?: Uint8Array;
      readonly lastServerTimeMs?: number;
      readonly change?: Partial<Operation>;
    } = {},
  ): SignedOperation {
    const operation: Operation = {
      nodeId: this.identity.nodeId,
      operationId: uuidv7(Date.now(), random),
      sequence: this.head.sequence + 1,
      previousHash: this.head.hash,
      wallTimeMs: Date.now(),
      bootId: "00000000-0000-4000-8000-000000000000",
      sinceBootMs: 1000,
      lastServerTimeMs: rest.lastServerTimeMs ?? Date.now(),
      policyVersion: 0,
      anchored: true,
      actor: "cashier",
      body,
      ...rest.change,
    };
    const { bytes, hash } = signDocumentSync(this.#operations, encodeOperation(operation));
    this.head = { sequence: operation.sequence, hash };
    return { signed: bytes, sealed: rest.sealed ?? null, sequence: operation.sequence, hash };
  }

  /** The assertion that would open the next session; each is made once. */
  assertion(counter = ++this.#assertions): Uint8Array {
    const audience = String(this.identity.generation);
    const payload = encodeSessionAssertion({ nodeId: this.identity.nodeId, counter, audience, report: null });
    return signDocumentSync(this.#sessions, payload).bytes;
  }

  async openSession(
    assertion = this.assertion(),
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.url}/v1/sessions`, {
      method: "POST",
      body: new Uint8Array(assertion),
    });
    const body = (await response.json()) as Record<string, unknown>;
    if (typeof body["token"] === "string") this.#token = body["token"];
    return { status: response.status, body };
  }

  get authorization(): string {
    return `Bearer ${this.#token}`;
  }

  /** Uploads operations as if the server had everything before the first of them. */
  async upload(
    operations: readonly SignedOperation[],
    after: { readonly sequence: number; readonly hash?: Uint8Array } = {
      sequence: (operations[0]?.sequence ?? this.head.sequence + 1) - 1,
    },
    evidence: readonly Uint8Array[] | null = null,
    lastSequence: number | null = null,
  ): Promise<UploadAnswer> {
    if (this.#token === "") await this.openSession();
    const body = encodeUpload({
      lastSequence,
      evidence,
      wallMs: this.wallMs(),
      generation: this.identity.generation,
      afterSequence: after.sequence,
      afterHash: after.hash ?? this.identity.certificateHash,
      operations: operations.map(({ signed, sealed }) => ({ signed, sealed })),
    });
    const response = await fetch(`${this.url}/v1/operations`, {
      method: "POST",
      headers: { authorization: this.authorization, "content-type": "application/cbor" },
      body: new Uint8Array(body),
    });
    if (response.status !== 200) {
      return {
        status: response.status,
        verdicts: undefined,
        body: (await response.json()) as Record<string, unknown>,
      };
    }
    const document = new Uint8Array(await response.arrayBuffer());
    return { status: 200, verdicts: await this.readVerdicts(document), document, body: {} };
  }

  /** Opens a verdict list as an honest node does: signed by a trusted key, for this node. */
  async readVerdicts(signed: Uint8Array): Promise<VerdictList> {
    const { findKey } = trustedKeys(this.identity.keySet);
    const opened = await openAs("verdict-list", decodeVerdictList, signed, (id) =>
      findKey("verdict-list", id),
    );
    if (!opened.ok) throw new Error(`the verdict list is not trusted: ${opened.refusal.code}`);
    if (opened.value.nodeId !== this.identity.nodeId) throw new Error("the verdict list is another node's");
    return opened.value;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
