/**
 * A biller or a payer FI as the server meets it: an HTTP server of its own that is told and asked things, and an
 * institution that calls with its own token. What it does about a message is the test's to say.
 */
import type { Pool } from "pg";
import type { BillerRow, PayerFiRow } from "../../node-server/ports/bill-rows.ts";
import { approveOnboarding, proposeOnboarding } from "../../node-server/postgres/biller-admin.ts";
import type { Onboarding } from "../../node-server/postgres/biller-admin.ts";
import { putInstitution } from "../../node-server/postgres/registry-admin.ts";
import { startCallbackReceiver } from "./callback-receiver.ts";
import type { CallbackReceiver, ReceivedCallback } from "./callback-receiver.ts";
import type { Answer } from "./institution.ts";
import type { Issuer } from "./issuer.ts";

export interface Installed {
  readonly url: string;
  readonly issuer: Issuer;
}

let requests = 0;

export class BillParty {
  readonly id: string;
  readonly server: Installed;
  readonly receiver: CallbackReceiver;
  /** What it does about a message that it has taken; nothing unless a test says so. */
  react: (message: ReceivedCallback) => unknown = () => {};
  /** The same before it has answered that it has the message. */
  reactBefore: (message: ReceivedCallback) => unknown = () => {};
  readonly #reactions: Promise<unknown>[] = [];

  private constructor(id: string, server: Installed, receiver: CallbackReceiver) {
    this.id = id;
    this.server = server;
    this.receiver = receiver;
  }

  static async start(id: string, server: Installed): Promise<BillParty> {
    let party: BillParty | undefined;
    const receiver = await startCallbackReceiver({
      before: async (message) => party?.reactBefore(message),
      after: (message) => party?.take(message),
    });
    party = new BillParty(id, server, receiver);
    return party;
  }

  /** Where it is told and asked; its callbacks go there too. */
  get endpoint(): string {
    return new URL(this.receiver.url).origin;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer & { readonly text: string }> {
    const response = await fetch(this.server.url + path, {
      method,
      headers: {
        authorization: `Bearer ${await this.server.issuer.token(this.id)}`,
        "content-type": "application/json",
        "X-Platform-TenantId": "tenant",
        "X-CorrelationID": crypto.randomUUID(),
        "X-PayerFI-Id": this.id,
        "X-billerId": this.id,
        "X-Callback-URL": this.receiver.url,
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, text, body: isJson ? (JSON.parse(text) as Answer["body"]) : {} };
  }

  nextRequestId(): string {
    requests++;
    return `b${process.pid % 100_000}-${requests}`;
  }

  /** Inquires as a payer FI; returns the inquiry's id and the callback's body. */
  async inquire(billId: string): Promise<{ requestId: string; body: ReceivedCallback["body"] }> {
    const requestId = this.nextRequestId();
    const answer = await this.call("GET", `/bills/${billId}?fields=inquiry&requestId=${requestId}`);
    if (answer.status !== 202) throw new Error(`the inquiry was refused: ${answer.text}`);
    const { body } = await this.answerTo(requestId);
    return { requestId, body };
  }

  /** Notifies a payment as a payer FI; the outcome comes by callback. */
  async pay(
    billId: string,
    inquiryRequestId: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<{ requestId: string; reference: string; status: number }> {
    const requestId = this.nextRequestId();
    const body = {
      requestId,
      billInquiryRequestId: inquiryRequestId,
      billId,
      paymentReferenceID: `ref-${requestId}`,
      ...more,
    };
    const { status } = await this.call("POST", "/billTransferRequests", body);
    return { requestId, reference: body.paymentReferenceID, status };
  }

  /** The callback about one of its requests. */
  answerTo(requestId: string): Promise<ReceivedCallback> {
    return this.receiver.waitFor(({ body }) => body["requestId"] === requestId);
  }

  /** The advice about a payment, as a biller is told of it. */
  adviceOf(reference: string): Promise<ReceivedCallback> {
    return this.receiver.waitFor(({ body }) => body["PaymentReferenceID"] === reference);
  }

  /** Answers an advice as a biller. */
  settle(
    advice: ReceivedCallback,
    status: string,
    rejectReason?: string,
  ): Promise<Answer & { readonly text: string }> {
    const { requestID: requestId, billId } = advice.body;
    return this.call("POST", "/billTransferRequests", {
      requestId,
      billId,
      status,
      ...(rejectReason === undefined ? {} : { rejectReason }),
    });
  }

  take(message: ReceivedCallback): void {
    this.#reactions.push(Promise.resolve(this.react(message)));
  }

  /** Throws what a reaction failed with. */
  async close(): Promise<void> {
    await this.receiver.close();
    await Promise.all(this.#reactions);
  }
}

export function isAdvice({ method, path }: ReceivedCallback): boolean {
  return method === "POST" && path === "/billTransferRequests";
}

export async function registerBiller(
  pool: Pool,
  party: BillParty,
  terms: Partial<BillerRow> & Pick<BillerRow, "prefix">,
): Promise<void> {
  await register(pool, party.id, {
    kind: "biller",
    change: {
      id: party.id,
      name: `The ${party.id} company`,
      ownDigits: null,
      checkDigit: "none",
      endpointUrl: party.endpoint,
      inquiry: "stored",
      answerSeconds: 1,
      timeZone: "Africa/Nairobi",
      account: null,
      codes: {},
      voucherGroups: [],
      status: "active",
      ...terms,
    },
  });
}

export async function registerPayerFi(
  pool: Pool,
  party: BillParty,
  terms: Partial<PayerFiRow> = {},
): Promise<void> {
  await register(pool, party.id, {
    kind: "payer-fi",
    change: {
      id: party.id,
      name: `Bank ${party.id}`,
      bic: null,
      endpointUrl: party.endpoint,
      account: null,
      status: "active",
      ...terms,
    },
  });
}

export function link(pool: Pool, biller: BillParty, payerFi: BillParty): Promise<void> {
  return onboard(pool, { kind: "link", change: { billerId: biller.id, payerFiId: payerFi.id } });
}

async function register(pool: Pool, id: string, onboarding: Onboarding): Promise<void> {
  await putInstitution(pool, { id, name: id, callbackBaseUrl: null, boxPublicKey: null });
  await onboard(pool, onboarding);
}

/** As operators do: one proposes, another approves. */
export async function onboard(pool: Pool, onboarding: Onboarding): Promise<void> {
  const id = await proposeOnboarding(pool, onboarding, "Amina");
  if (id === undefined) throw new Error("it is proposed already");
  const end = await approveOnboarding(pool, id, "Ben");
  if (end !== "done") throw new Error(end);
}
