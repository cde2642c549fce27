/** Asking a payer bank over HTTP, as GovStack publishes it: it answers 202, and says later what it decided. */
import type { SignRequest } from "../callbacks/signature.ts";
import { rawNumber } from "#core/json.ts";
import type { AskBank } from "./authorise.ts";

export interface HttpBankOptions {
  /** Where banks reach this server; without one nobody could answer. */
  readonly publicUrl: string | undefined;
  readonly sign: SignRequest;
}

const timeoutMs = 15_000;

export function createHttpBank({ publicUrl, sign }: HttpBankOptions): AskBank {
  return async ({ url, batchId, payerIdentifier, currency, amount, correlationId }) => {
    if (publicUrl === undefined) throw new Error("PAYPOST_PUBLIC_URL is not set, so no bank could answer");
    const target = `${url.replace(/\/+$/, "")}/batches/${encodeURIComponent(batchId)}?command=authorize`;
    const body = JSON.stringify({ batchID: batchId, payerIdentifier, currency, amount: rawNumber(amount) });
    const headers = await sign({ method: "POST", url: target, contentType: "application/json", body });
    const response = await fetch(target, {
      method: "POST",
      headers: {
        ...headers,
        "X-CorrelationID": correlationId,
        "X-CallbackURL": `${publicUrl.replace(/\/+$/, "")}/batches/${encodeURIComponent(batchId)}/authorization`,
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the bank answered ${response.status}`);
  };
}
