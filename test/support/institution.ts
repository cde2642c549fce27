/** A source building block as it calls the server: over HTTP, with its token, its callbacks and its own key. */
import type { Pool } from "pg";
import nacl from "tweetnacl";
import type { BoxKeyPair } from "tweetnacl";
import { parseSerial } from "#core/voucher-number.ts";
import { putInstitution } from "../../node-server/postgres/registry-admin.ts";
import { decryptNumberUnder } from "../../node-server/vouchers/numbers.ts";
import type { CallbackReceiver } from "./callback-receiver.ts";
import type { Issuer } from "./issuer.ts";

export interface IssuedVoucher {
  readonly instructionID: string;
  readonly serialNumber: string;
  readonly voucherNumber: string;
  /** The number as the beneficiary gets it: 16 digits. */
  readonly number: string;
}

export interface Activated {
  readonly serialNumber: string;
  readonly token: string;
  readonly leaseTo?: string;
  readonly leaseUntil?: string;
}

export interface CommandOutcome {
  readonly failedCases: readonly { readonly serialNumber: string; readonly failureReason: string }[];
  readonly vouchers: readonly Activated[];
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

let requests = 0;

export class Institution {
  readonly id: string;
  readonly url: string;
  readonly issuer: Issuer;
  readonly receiver: CallbackReceiver;
  readonly keys: BoxKeyPair;

  constructor(id: string, url: string, issuer: Issuer, receiver: CallbackReceiver, keys: BoxKeyPair) {
    this.id = id;
    this.url = url;
    this.issuer = issuer;
    this.receiver = receiver;
    this.keys = keys;
  }

  register(pool: Pool): Promise<void> {
    return putInstitution(pool, {
      id: this.id,
      name: this.id,
      callbackBaseUrl: null,
      boxPublicKey: this.keys.publicKey,
    });
  }

  /** A request id that was not used before, of at most 12 characters. */
  nextRequestId(): string {
    requests++;
    return `r${process.pid % 100_000}-${requests}`;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${await this.issuer.token(this.id)}`,
        "content-type": "application/json",
        "X-Callback-URL": this.receiver.url,
        "X-Registering-Institution-ID": this.id,
        "X-Program-ID": "relief-2026",
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Creates vouchers and waits for the callback; failed instructions throw. */
  async createVouchers(
    groupCode: string,
    amounts: readonly number[],
    currency = "USD",
  ): Promise<IssuedVoucher[]> {
    const requestID = this.nextRequestId();
    const answer = await this.call("POST", "/vouchers", {
      requestID,
      batchID: requestID,
      voucherInstructions: amounts.map((amount, index) => ({
        instructionID: `i-${index + 1}`,
        groupCode,
        currency,
        amount,
        narration: "food",
      })),
    });
    if (answer.status !== 200) throw new Error(`create was refused: ${JSON.stringify(answer.body)}`);
    const { body } = await this.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
    const results = body["voucherInstructions"] as (Omit<IssuedVoucher, "number"> & {
      failureReason?: string;
    })[];
    // Made once: it costs far more than the rest of opening a number.
    const boxKey = nacl.box.before(await this.serverKey(), this.keys.secretKey);
    return results.map((result) => {
      if (result.failureReason !== undefined)
        throw new Error(`${result.instructionID}: ${result.failureReason}`);
      return { ...result, number: decrypt(boxKey, result) };
    });
  }

  activate(
    serialNumbers: readonly string[],
    lease: { readonly leaseTo?: string; readonly leaseUntil?: string } = {},
  ): Promise<CommandOutcome> {
    return this.command(
      "activate",
      serialNumbers.map((serialNumber) => ({ serialNumber, ...lease })),
    );
  }

  cancel(serialNumbers: readonly string[]): Promise<CommandOutcome> {
    return this.command(
      "cancel",
      serialNumbers.map((serialNumber) => ({ serialNumber })),
    );
  }

  redeem(
    serialNumber: string,
    number: string,
    agentID: string,
    requestID = this.nextRequestId(),
  ): Promise<Answer> {
    return this.call("POST", "/vouchers?command=redeem", {
      requestID,
      voucherSerialNumber: serialNumber,
      agentID,
      voucherSecretNumber: number,
    });
  }

  async status(serialNumber: string): Promise<unknown> {
    const { body } = await this.call("GET", `/vouchers/${serialNumber}?fields=status`);
    return body["statusName"];
  }

  /** The number of a voucher as the beneficiary gets it. */
  async numberOf(made: { readonly serialNumber: string; readonly voucherNumber: string }): Promise<string> {
    return decrypt(nacl.box.before(await this.serverKey(), this.keys.secretKey), made);
  }

  async serverKey(): Promise<Uint8Array> {
    const response = await fetch(`${this.url}/v1/keys`);
    const { boxPublicKey } = (await response.json()) as { boxPublicKey: string };
    return new Uint8Array(Buffer.from(boxPublicKey, "base64"));
  }

  /** Sends a command and waits for its callback; without a name each item's status decides. */
  async command(name: string | undefined, voucherInstructions: readonly object[]): Promise<CommandOutcome> {
    const method = name === "cancel" ? "POST" : "PUT";
    const query = name === undefined ? "" : `?command=${name}`;
    const requestID = this.nextRequestId();
    const answer = await this.call(method, `/vouchers${query}`, {
      requestID,
      batchID: requestID,
      voucherInstructions,
    });
    if (answer.status !== 200) throw new Error(`${name} was refused: ${JSON.stringify(answer.body)}`);
    const { body } = await this.receiver.waitFor(
      (callback) => callback.body["registerRequestID"] === requestID,
    );
    return body as unknown as CommandOutcome;
  }
}

function decrypt(
  boxKey: Uint8Array,
  { serialNumber, voucherNumber }: { readonly serialNumber: string; readonly voucherNumber: string },
): string {
  const number = decryptNumberUnder(boxKey, parseSerial(serialNumber) ?? 0n, voucherNumber);
  if (number === undefined) throw new Error(`the number of ${serialNumber} does not decrypt`);
  return number;
}
