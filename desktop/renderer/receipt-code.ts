/** The square code of a receipt. */
import QRCode from "qrcode";
import { receiptCode } from "#sync/documents/square-code.ts";
import type { Settings } from "../protocol.ts";

/** Alphanumeric characters that stay readable at the width of the paper, with the least error correction. */
const most: Readonly<Record<Settings["paper"], number>> = { "58": 1100, "80": 1853, A4: 2953 };

export interface ReceiptCode {
  readonly url: string;
  readonly isSigned: boolean;
}

/** `signed` is the file in base64, where there is one; `name` names the operation where that is missing or too long. */
export async function drawReceiptCode(
  signed: string | undefined,
  name: string,
  paper: Settings["paper"],
): Promise<ReceiptCode> {
  const text = signed === undefined ? undefined : receiptCode.toText(bytesOf(signed));
  const isSigned = text !== undefined && text.length <= most[paper];
  const url = await QRCode.toDataURL(isSigned ? text : name, {
    errorCorrectionLevel: isSigned ? "L" : "M",
    margin: 2,
    scale: 4,
  });
  return { url, isSigned };
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
