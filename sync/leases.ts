/** What an online node asks the server about leases (design section 4.1): more of them, longer ones, and who holds one. */
import { toBase64 } from "./base64.ts";
import { postAsNode } from "./node-call.ts";
import type { NodeCallParts } from "./node-call.ts";
import { jsonObject } from "./server-call.ts";
import type { CallFailure } from "./server-call.ts";

type Answer<T> = (T & { readonly ok: true }) | { readonly ok: false; readonly failure: CallFailure };

export interface LeaseGrant {
  readonly granted: number;
  /** Open leases of this node now, and the most that it may hold. */
  readonly held: number;
  readonly most: number;
  /** Why it got fewer than it asked for; null where it got all. */
  readonly because: string | null;
}

/** Who holds a voucher that was presented here. */
export interface Holder {
  /** As far as the server tells them. */
  readonly area: string | null;
  readonly phone: string | null;
  /** Only where it is a till of the same merchant. */
  readonly till: string | null;
  /** Server time at which it is free, whatever its holder does. */
  readonly freeAtMs: number;
}

export interface LeaseWish {
  readonly group: string;
  readonly quantity: number;
  /** A UUID: the same again is granted once, and answered as it was. */
  readonly request?: string;
}

/** Asks for leases on so many vouchers of the group; they come with the next reading of the shape. */
export async function requestLeases(parts: NodeCallParts, wish: LeaseWish): Promise<Answer<LeaseGrant>> {
  const answer = await ask(parts, "/v1/leases", wish);
  if (!answer.ok) return answer;
  const { granted, held, most, because } = answer.body;
  if (!isCount(granted) || !isCount(held) || !isCount(most)) return notUnderstood;
  return { ok: true, granted, held, most, because: textOrNull(because) };
}

/** Asks for longer leases. Gives the serials of those that were renewed. */
export async function renewLeases(
  parts: NodeCallParts,
  serials: readonly bigint[],
): Promise<Answer<{ readonly renewed: readonly bigint[] }>> {
  const wish = { serials: serials.map((serial) => serial.toString()) };
  const answer = await ask(parts, "/v1/leases/renewals", wish);
  if (!answer.ok) return answer;
  const { renewals } = answer.body;
  if (!Array.isArray(renewals)) return notUnderstood;
  const isRenewed = (renewal: unknown) =>
    typeof renewal === "object" && renewal !== null && "notAfter" in renewal && "serial" in renewal;
  const renewed = new Set(
    renewals.filter(isRenewed).map((renewal) => String((renewal as { serial: unknown }).serial)),
  );
  return { ok: true, renewed: serials.filter((serial) => renewed.has(serial.toString())) };
}

/** Asks who else holds a voucher, whose number is sealed for the server; the holder is asked to give it back. */
export async function askHolder(
  parts: NodeCallParts,
  presented: { readonly serial: bigint; readonly sealed: Uint8Array },
): Promise<Answer<{ readonly holder: Holder | undefined }>> {
  const question = { serial: presented.serial.toString(), sealed: toBase64(presented.sealed) };
  const answer = await ask(parts, "/v1/leases/holder", question);
  if (!answer.ok) return answer;
  const { holder } = answer.body;
  if (holder === null) return { ok: true, holder: undefined };
  if (typeof holder !== "object") return notUnderstood;
  const { area, phone, till, freeAtMs } = holder as Readonly<Record<string, unknown>>;
  if (!isCount(freeAtMs)) return notUnderstood;
  return {
    ok: true,
    holder: { area: textOrNull(area), phone: textOrNull(phone), till: textOrNull(till), freeAtMs },
  };
}

async function ask(
  parts: NodeCallParts,
  path: string,
  question: object,
): Promise<Answer<{ readonly body: Readonly<Record<string, unknown>> }>> {
  const answer = await postAsNode(parts, {
    path,
    contentType: "application/json",
    body: JSON.stringify(question),
  });
  if (!answer.ok) return answer;
  const body = jsonObject(answer.body);
  return body ? { ok: true, body } : notUnderstood;
}

/** Something that is not our server has answered. */
const notUnderstood = { ok: false, failure: { code: "unreachable" } } as const;

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
