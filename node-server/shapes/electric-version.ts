/** Electric before 1.7.12 serves `/v1//shape` without asking for its secret, to whoever reaches its port. */

/** The first version that is used. */
const oldest = [1, 7, 12] as const;

/** `server` is the header that Electric sends with every answer, `ElectricSQL/1.7.12`; unreadable ones are let be. */
export function isTooOld(server: string | null): boolean {
  const match = /^ElectricSQL\/v?(\d+)\.(\d+)\.(\d+)(-(?!\d+-g)\S+)?/.exec(server ?? "");
  if (!match) return false;
  const version = match.slice(1, 4).map(Number);
  for (const [place, least] of oldest.entries()) {
    const part = version[place] ?? 0;
    if (part !== least) return part < least;
  }
  // 1.7.12-beta.1 comes before 1.7.12; a build some commits after it (1.7.12-4-gabc) does not.
  return match[4] !== undefined;
}

export type ElectricProbe = "usable" | "too-old" | "unreachable";

/** Asks for its health, which takes no secret. */
export async function probeElectric(url: string): Promise<ElectricProbe> {
  try {
    const response = await fetch(electricAddress(url, "v1/health"), { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return isTooOld(response.headers.get("electric-server")) ? "too-old" : "usable";
  } catch {
    return "unreachable";
  }
}

export function electricAddress(url: string, path: string): URL {
  return new URL(path, url.endsWith("/") ? url : `${url}/`);
}
