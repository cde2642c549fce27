/** The row that names the programmes a node serves. It bears no signature: the server checks each change of a payee itself. */
import type { ServedProgramme } from "../ports/shape-storage.ts";

/** Undefined for what is no such list. */
export function readProgrammes(document: string | null | undefined): readonly ServedProgramme[] | undefined {
  const list = parsed(document);
  if (!Array.isArray(list)) return undefined;
  const programmes = list.map(readProgramme);
  return programmes.every((one) => one !== undefined) ? programmes : undefined;
}

function readProgramme(value: unknown): ServedProgramme | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { programme, area, areas } = value as Partial<Record<keyof ServedProgramme, unknown>>;
  if (typeof programme !== "string" || programme === "") return undefined;
  if (area !== null && typeof area !== "string") return undefined;
  if (!Array.isArray(areas) || !areas.every((one) => typeof one === "string")) return undefined;
  return { programme, area, areas };
}

function parsed(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
