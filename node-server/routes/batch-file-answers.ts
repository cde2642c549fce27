/** What the sender of a refused batch voucher file is told: a total map, the compiler finds a missing entry. */
import type { FileRefusal } from "../batch-files/refusal.ts";
import { Problem } from "../middleware/problem.ts";

export function fileProblem(refusal: FileRefusal): Problem {
  switch (refusal.code) {
    case "not-a-batch-file":
      return bad("This is no batch voucher file, or it is damaged");
    case "other-version":
      return bad(`The file is of version ${refusal.version}; this server reads version 1`);
    case "other-direction":
      return bad("This is an answer file; what is sent must be a request file");
    case "cut-off":
      return bad("The file ends too early");
    case "not-opened":
      return bad(
        `The file does not open at its box ${refusal.box}: it is not between your registered key and this server's, ` +
          "or was changed",
      );
    case "too-large":
      return new Problem(413, `The file is larger than ${refusal.mostBytes} bytes`);
    case "malformed": {
      const field = [refusal.place, refusal.field].filter((part) => part !== "").join(": ");
      return new Problem(400, `${field} ${refusal.reason}`, [{ field, reason: refusal.reason }]);
    }
    case "repeated-id": {
      const { place, uniqueId, earlier } = refusal;
      const where = earlier.sameFile
        ? `item ${earlier.line}`
        : `item ${earlier.line} of batch ${earlier.batchId}`;
      const reason = `${uniqueId} was used before, by ${where}`;
      return new Problem(400, `${place}: uniqueId ${reason}`, [{ field: `${place}: uniqueId`, reason }]);
    }
  }
}

function bad(message: string): Problem {
  return new Problem(400, message, [{ field: "body", reason: message.slice(0, 200) }]);
}
