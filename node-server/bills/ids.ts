/** Ids of ours in messages about bills, each of at most 12 characters: a letter for what it is, and its row's number. */

const letters = { inquiry: "Q", payment: "P", requestToPay: "R" } as const;

export type BillIdKind = keyof typeof letters;

export function formatId(kind: BillIdKind, id: bigint): string {
  return letters[kind] + id.toString().padStart(11, "0");
}

export function parseId(kind: BillIdKind, text: string): bigint | undefined {
  if (text[0] !== letters[kind] || !/^[0-9]{11,18}$/.test(text.slice(1))) return undefined;
  return BigInt(text.slice(1));
}
