/** What an answer of a mobile-money provider means for a credit, in our terms and with the reason codes of ISO 20022. */
import type { AskedOutcome } from "../carrier.ts";
import { errorObject, requestState, transactionObject } from "./call.ts";
import type { Answer } from "./call.ts";

const unknown = { outcome: "unknown" } as const;

/** Of the request that creates a transaction. */
export function outcomeOfCreation({ status, body }: Answer): AskedOutcome {
  if (status === 200 || status === 201) return outcomeOfTransaction(body);
  if (status === 202) return outcomeOfState(body);
  const error = errorObject.safeParse(body);
  // Without the standard's own error it may be anything between us and the provider that speaks.
  if (!error.success) return unknown;
  const { errorCategory, errorCode } = error.data;
  // It knows the correlation id already: what became of that request is asked for.
  if (errorCode === "duplicateRequest") return unknown;
  switch (errorCategory) {
    case "businessRule":
    case "validation":
      return status === 400 ? failed(errorCode, error.data.errorDescription) : unknown;
    case "identification":
      return status === 404 || status === 400 ? failed(errorCode, error.data.errorDescription) : unknown;
    // Our own credentials, or the provider's own trouble, say nothing against the payee.
    case "authorisation":
    case "internal":
    case "serviceUnavailable":
      return unknown;
  }
}

export function outcomeOfTransaction(body: unknown): AskedOutcome {
  const transaction = transactionObject.safeParse(body);
  if (!transaction.success) return unknown;
  const { transactionStatus, transactionReference: reference } = transaction.data;
  switch (transactionStatus.toLowerCase()) {
    case "completed":
      return { outcome: "paid", reference };
    case "failed":
    case "rejected":
    case "declined":
    case "cancelled":
    case "reversed":
      return { outcome: "failed", reason: `The provider says: ${transactionStatus}` };
    default:
      return unknown;
  }
}

export type StateOutcome = AskedOutcome & {
  /** The transaction that came of it: that the request was completed is not yet that the transaction was. */
  readonly objectReference?: string;
  readonly isPending?: boolean;
};

/** Of a request that is carried out asynchronously; its reference is what is asked for next. */
export function outcomeOfState(body: unknown): StateOutcome {
  const state = requestState.safeParse(body);
  if (!state.success) return unknown;
  const { serverCorrelationId: reference, status, objectReference, error } = state.data;
  const told = objectReference ? { objectReference } : {};
  switch (status.toLowerCase()) {
    case "failed": {
      const said = errorObject.safeParse(error);
      return said.success
        ? { ...failed(said.data.errorCode, said.data.errorDescription), ...told }
        : { outcome: "failed", reason: "The provider says: failed", ...told };
    }
    case "pending":
      return { outcome: "unknown", reference, isPending: true, ...told };
    default:
      return { outcome: "unknown", reference, ...told };
  }
}

function failed(errorCode: string, description: string | null | undefined) {
  const code = reasonCodes.get(errorCode.toLowerCase());
  const reason = `${errorCode}${description ? `: ${description}` : ""}`.slice(0, 200);
  return { outcome: "failed", reason, ...(code === undefined ? {} : { code }) } as const;
}

const reasonCodes: ReadonlyMap<string, string> = new Map([
  ["insufficientfunds", "AM04"],
  ["identifiererror", "AC01"],
  ["accountclosed", "AC04"],
  ["accountbarred", "AC06"],
  ["accountblocked", "AC06"],
  ["accountsuspended", "AC06"],
  ["accountnotactive", "AC06"],
  ["currencynotsupported", "AM03"],
  ["maxtransactionvalueexceeded", "AM14"],
  ["dailyvolumelimitexceeded", "AM14"],
  ["samedebitcreditparty", "AG01"],
]);
