/** The total map from refused requests to what a caller is told; the compiler finds a missing entry. */
import { Problem } from "../middleware/problem.ts";
import type { RequestRefusal } from "../accept-once.ts";
import type { BatchRefusal } from "../vouchers/accept.ts";

export type AcceptRefusal = BatchRefusal | RequestRefusal;

export function acceptProblem(refusal: AcceptRefusal, requestId?: string): Problem {
  const { status, message } = acceptAnswers[refusal];
  return new Problem(status, message, [], requestId);
}

const acceptAnswers = {
  "other-body": { status: 409, message: "This requestID was used before with another body" },
  "batch-exists": { status: 409, message: "This batchID was used before" },
  "no-encryption-key": {
    status: 400,
    message: "The institution has no registered key to encrypt voucher numbers for",
  },
  "unknown-institution": { status: 403, message: "The institution is not registered with this server" },
} as const satisfies Record<AcceptRefusal, { status: 400 | 403 | 409; message: string }>;
