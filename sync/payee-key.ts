/** Asks the server once for the key that this node's copies of payees are sealed under. */
import { postAsNode } from "./node-call.ts";
import type { NodeCallParts } from "./node-call.ts";
import { bytesIn, jsonObject } from "./server-call.ts";

/** Undefined where the server gave none; it is asked again with the next contact. */
export async function askPayeeKey(parts: NodeCallParts): Promise<Uint8Array | undefined> {
  const body = new TextEncoder().encode("{}");
  const answer = await postAsNode(parts, { path: "/v1/payee-key", contentType: "application/json", body });
  if (!answer.ok) return undefined;
  const key = bytesIn(jsonObject(answer.body), "key");
  return key?.length === 32 ? key : undefined;
}
