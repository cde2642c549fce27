/** What the page asks the server, typed by the server's own actions. */
import type { z } from "zod";
import type { Actions } from "../actions.ts";
import type { totals } from "../totals.ts";

type Named<Kind extends string> = {
  [Name in keyof Actions]: Actions[Name] extends { readonly kind: Kind } ? Name : never;
}[keyof Actions];

export type ListName = Named<"list">;
export type ReadName = Named<"read">;
export type ChangeName = Named<"change">;
export type FileName = Named<"file">;

export type Totals = z.output<typeof totals>;
export type RowOf<Name extends ListName> = z.output<Actions[Name]["shown"]>;
export type InputOf<Name extends ReadName | ChangeName | FileName> = z.input<Actions[Name]["input"]>;
export type AnswerOf<Name extends ReadName | ChangeName> = z.output<Actions[Name]["answer"]>;

export type Answered<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  /** `refusal`: as the server tells it, or `unreachable`. */
  | { readonly ok: false; readonly refusal: string; readonly more: Readonly<Record<string, unknown>> };

const base = "/console/api/";

/** Called when the server no longer knows who we are. */
let onSignedOut = () => {};
let csrf = "";

export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}

export function setCsrfToken(token: string): void {
  csrf = token;
}

/** `live`: by itself, again and again, and not by a person. */
export function ask<Answer>(
  path: string,
  { live = false, signal }: { readonly live?: boolean; readonly signal?: AbortSignal } = {},
): Promise<Answered<Answer>> {
  return call(base + path, { headers: live ? { "x-live": "1" } : {}, ...(signal && { signal }) });
}

export function send<Answer>(path: string, body: object): Promise<Answered<Answer>> {
  const headers = { "content-type": "application/json", "x-csrf-token": csrf };
  return call(base + path, { method: "POST", headers, body: JSON.stringify(body) });
}

export function readPath<Name extends ReadName>(name: Name, input: InputOf<Name>): string {
  return `${name}?${queryOf(input)}`;
}

export function fileUrl<Name extends FileName>(name: Name, input: InputOf<Name>): string {
  return urlOf(`${name}?${queryOf(input)}`);
}

export function urlOf(path: string): string {
  return base + path;
}

export function queryOf(values: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

async function call<Answer>(url: string, init: RequestInit): Promise<Answered<Answer>> {
  const response = await fetch(url, init).catch(() => undefined);
  if (!response) return { ok: false, refusal: "unreachable", more: {} };
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return { ok: true, answer: body as Answer };
  const said = typeof body === "object" && body !== null ? { ...body } : {};
  const { refusal = unexpected(response.status), ...more } = said as {
    refusal?: string;
  };
  if (refusal === "signed-out") onSignedOut();
  return { ok: false, refusal, more };
}

/** Of what stands before the console: it has no codes for the page. */
function unexpected(status: number): string {
  if (status === 429) return "busy";
  return status >= 500 ? "failed" : "unreachable";
}
