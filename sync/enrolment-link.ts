/**
 * The link that lets a machine in: the server's address and a one-time code, `paypost://enrol?server=…&code=…`, as an
 * operator gives it away as text, QR code or file. It comes from outside: whoever opens it confirms the address.
 */
import { parseServerUrl } from "./server-url.ts";

export type EnrolmentLink =
  | { readonly ok: true; readonly serverUrl: string; readonly code: string }
  | { readonly ok: false; readonly refusal: EnrolmentLinkRefusal };

/** Another kind of text; or one whose server or code cannot be one. */
export type EnrolmentLinkRefusal = "not-an-enrolment" | "bad-server" | "bad-code";

const longest = 1000;

export function enrolmentLink(serverUrl: string, code: string): string {
  return `paypost://enrol?server=${encodeURIComponent(serverUrl)}&code=${encodeURIComponent(code)}`;
}

/** Reads a link, or the content of a file that holds one. */
export function parseEnrolmentLink(text: string): EnrolmentLink {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const query = /^paypost:(?:\/\/)?enrol\/?\?(.*)$/i.exec(trimmed)?.[1];
  if (trimmed.length > longest || query === undefined) return refused("not-an-enrolment");
  const fields = fieldsOf(query);
  const [server, code] = [fields.get("server"), fields.get("code")];
  const address = server === undefined ? undefined : parseServerUrl(server);
  if (!address?.ok) return refused("bad-server");
  if (code === undefined || !/^[0-9A-Za-z-]{4,64}$/.test(code)) return refused("bad-code");
  return { ok: true, serverUrl: address.url, code };
}

/** What cannot be decoded is left out, and then missed. */
function fieldsOf(query: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of query.split("&")) {
    const [name = "", ...rest] = part.split("=");
    try {
      fields.set(name, decodeURIComponent(rest.join("=")));
    } catch {
      // A stray percent sign: no such field.
    }
  }
  return fields;
}

function refused(refusal: EnrolmentLinkRefusal): EnrolmentLink {
  return { ok: false, refusal };
}
