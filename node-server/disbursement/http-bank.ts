/** Asking a payer bank over HTTP, as GovStack publishes it: it answers 202, and says later what it decided. */
import { postSigned, under } from "../callbacks/post-signed.ts";
import type { SignRequest } from "../callbacks/signature.ts";
import { rawNumber } from "#core/json.ts";
import type { AskBank } from "./authorise.ts";

export interface HttpBankOptions {
  /** Where banks reach this server; without one nobody could answer. */
  readonly publicUrl: string | undefined;
  readonly sign: SignRequest;
}

export function createHttpBank({ publicUrl, sign }: HttpBankOptions): AskBank {
  return async ({ url, batchId, payerIdentifier, currency, amount, correlationId }) => {
    if (publicUrl === undefined) throw new Error("PAYPOST_PUBLIC_URL is not set, so no bank could answer");
    const path = `/batches/${encodeURIComponent(batchId)}`;
    const headers = {
      "X-CorrelationID": correlationId,
      "X-CallbackURL": under(publicUrl, `${path}/authorization`),
    };
    const value = { batchID: batchId, payerIdentifier, currency, amount: rawNumber(amount) };
    const status = await postSigned(sign, under(url, `${path}?command=authorize`), headers, value);
    if (status < 200 || status >= 300) throw new Error(`the bank answered ${status}`);
  };
}
