/** Why a batch voucher file is refused: whole, and with nothing of it stored. */
import type { RepeatedItem } from "../ports/store.ts";

export type FileRefusal =
  /** It does not begin as a batch file, or begins as one of another version or direction. */
  | { readonly code: "not-a-batch-file" }
  | { readonly code: "other-version"; readonly version: number }
  | { readonly code: "other-direction" }
  | { readonly code: "cut-off" }
  /** Box `box` (from 0) does not open: another key, or the file was changed, cut or put together anew. */
  | { readonly code: "not-opened"; readonly box: number }
  | { readonly code: "too-large"; readonly mostBytes: number }
  /** `place` is a line, or an element of the document's `vouchers`. */
  | { readonly code: "malformed"; readonly place: string; readonly field: string; readonly reason: string }
  | {
      readonly code: "repeated-id";
      readonly place: string;
      readonly uniqueId: string;
      readonly earlier: RepeatedItem["earlier"] & { readonly sameFile: boolean };
    };

/** Thrown inside the streams that a file passes through; whoever reads the file to its end catches it. */
export class FileRefused extends Error {
  readonly refusal: FileRefusal;
  constructor(refusal: FileRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}
