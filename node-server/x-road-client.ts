/** The identifier of an X-Road client: `INSTANCE/CLASS/MEMBER/SUBSYSTEM`, each part percent-encoded (X-Road REST). */

/** In the one spelling that identifiers are kept in; undefined for what is none. */
export function formatXRoadClient(text: string): string | undefined {
  const parts = text.split("/").map(decode);
  if (parts.length !== 4 || text.length > 400) return undefined;
  if (!parts.every((part) => part !== undefined && /^[^\p{C}/\\;%]+$/u.test(part))) return undefined;
  return parts.map((part) => encodeURIComponent(part ?? "")).join("/");
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
