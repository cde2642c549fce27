/** Asking a payer bank about accounts over HTTP, as GovStack publishes it: it answers 202, and says later what it knows. */
import { rawNumber } from "#core/json.ts";
import { postSigned, under } from "../callbacks/post-signed.ts";
import type { SignRequest } from "../callbacks/signature.ts";
import type { AskAboutAccounts, AskedPayment } from "./validate-at-bank.ts";

export interface HttpValidationOptions {
  /** Where banks reach this server; without one nobody could answer. */
  readonly publicUrl: string | undefined;
  readonly sign: SignRequest;
}

/** Of the statuses that say no, those that say: not now. */
const transient: ReadonlySet<number> = new Set([401, 403, 404, 408, 425, 429]);

/** Where a bank tells what it knows, under the server's public URL. */
export const validationAnswerPath = "/beneficiaries/validation/confirmation";

export function createHttpValidation({ publicUrl, sign }: HttpValidationOptions): AskAboutAccounts {
  return async ({ url, correlationId, institutionId, bank, batchId, payments }) => {
    if (publicUrl === undefined) throw new Error("PAYPOST_PUBLIC_URL is not set, so no bank could answer");
    const headers = {
      "X-CorrelationID": correlationId,
      "X-Registering-Institution-ID": institutionId,
      "X-Callback-URL": under(publicUrl, validationAnswerPath),
    };
    const status = await postSigned(sign, under(url, "/beneficiaries?command=validate"), headers, {
      batchId,
      destinationDFSPID: bank,
      creditInstructions: payments.map(creditInstruction),
    });
    if (status >= 200 && status < 300) return "taken";
    if (status >= 400 && status < 500 && !transient.has(status)) return "refused";
    throw new Error(`the bank answered ${status}`);
  };
}

function creditInstruction({ instructionId, address, amount, currency, narration }: AskedPayment) {
  return {
    instructionID: instructionId,
    financialAddress: address,
    ...(amount === null ? {} : { amount: rawNumber(amount) }),
    ...(currency === null ? {} : { currency }),
    ...(narration === null ? {} : { narration }),
  };
}
