/** Asks the server once for the key that this node's copies of payees are sealed under. */
import { fromBase64 } from "./base64.ts";
import { postAsNode } from "./node-call.ts";
import type { NodeCallParts } from "./node-call.ts";
import { jsonObject } from "./server-call.ts";

/** Undefined where the server gave none; it is asked again with the next contact. */
export async function askPayeeKey(parts: NodeCallParts): Promise<Uint8Array | undefined> {
  const body = new TextEncoder().encode("{}");
  const answer = await postAsNode(parts, { path: "/v1/payee-key", contentType: "application/json", body });
  if (!answer.ok) return undefined;
  const { key } = jsonObject(answer.body) ?? {};
  const bytes = typeof key === "string" ? fromBase64(key) : undefined;
  return bytes?.length === 32 ? bytes : undefined;
}
