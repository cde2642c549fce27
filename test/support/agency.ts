/** An agency that disburses: how it is set up, who approves for it, and the calls that it makes. */
import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { ed25519Key, signWithTweetnacl } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import {
  approveSignatory,
  proposeSignatory,
  putDisbursementTerms,
} from "../../node-server/postgres/disbursement-admin.ts";
import type { DisbursementTerms } from "../../node-server/ports/disbursement.ts";
import type { Answer, Institution } from "./institution.ts";

export interface Payment {
  readonly requestId: string;
  readonly creditParty: readonly { readonly key: string; readonly value: string }[];
  readonly amount: number | string;
  readonly currency?: string;
  readonly descriptionText?: string;
}

let batches = 0;

export class Agency {
  readonly institution: Institution;
  /** The key of its signatory, `Ada Approver`. */
  readonly key: Ed25519Key = ed25519Key(new Uint8Array(randomBytes(32)));
  readonly signatory = "Ada Approver";

  constructor(institution: Institution) {
    this.institution = institution;
  }

  async setUp(pool: Pool, terms: Partial<DisbursementTerms> = {}): Promise<void> {
    await putDisbursementTerms(pool, {
      institutionId: this.institution.id,
      payerBank: null,
      payerIdentifier: this.institution.id,
      countryCode: "254",
      voucherGroup: null,
      duplicateDays: 20,
      mostFailedPercent: null,
      ...terms,
    });
    const signatory = { institutionId: this.institution.id, name: this.signatory };
    await proposeSignatory(pool, { ...signatory, publicKey: this.key.publicKey, by: "Olu" });
    await approveSignatory(pool, { ...signatory, by: "Pia" });
  }

  submit(
    payments: readonly Payment[] | string,
    {
      query = "type=raw",
      headers = {},
      correlationId = this.nextCorrelationId(),
    }: {
      readonly query?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly correlationId?: string;
    } = {},
  ): Promise<Answer> {
    return this.institution.call("POST", `/batchtransactions?${query}`, bodyOf(payments), {
      "X-CorrelationID": correlationId,
      "Platform-TenantId": "gorilla",
      ...headers,
    });
  }

  /** Submits, and returns the batch's id. Throws what the server says when it refuses. */
  async batch(payments: readonly Payment[], query = "type=raw"): Promise<string> {
    const answer = await this.submit(payments, { query });
    if (answer.status !== 202) throw new Error(`the batch was refused: ${JSON.stringify(answer.body)}`);
    return String(answer.body["batchId"]);
  }

  nextCorrelationId(): string {
    batches += 1;
    return `c-${process.pid}-${batches}`;
  }

  sign(text: string): string {
    return Buffer.from(signWithTweetnacl(this.key, new TextEncoder().encode(text))).toString("base64");
  }

  /** Approves as the signatory; the signature is over what the server says is to be signed. */
  async approve(batchId: string, changes: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { body } = await this.institution.call("GET", `/batches/${batchId}/approval`);
    const approval = { approver: this.signatory, signature: this.sign(String(body["toSign"])), ...changes };
    return this.institution.call("POST", `/batches/${batchId}/approval`, approval);
  }

  command(batchId: string, name: string): Promise<Answer> {
    return this.institution.call("POST", `/batches/${batchId}?command=${name}&reason=because`);
  }

  /** Waits until the batch is in one of the states. */
  async waitForState(batchId: string, ...states: readonly string[]): Promise<string> {
    for (;;) {
      const { state } = await this.summary(batchId);
      if (states.includes(String(state))) return String(state);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async summary(batchId: string): Promise<Readonly<Record<string, unknown>>> {
    return (await this.institution.call("GET", `/batch/Summary/${batchId}`)).body;
  }
}

export function payment(n: number, changes: Partial<Payment> = {}): Payment {
  return {
    requestId: `i-${n}`,
    creditParty: [{ key: "msisdn", value: `+2547${String(n).padStart(8, "0")}` }],
    amount: 10,
    currency: "USD",
    descriptionText: `grant ${n}`,
    ...changes,
  };
}

function bodyOf(payments: readonly Payment[] | string): unknown {
  return typeof payments === "string"
    ? payments
    : payments.map((one) => ({ paymentMode: "gsma", debitParty: [], ...one }));
}
