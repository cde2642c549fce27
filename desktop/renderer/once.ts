/** Asking for what is done once: the second press of a button whose answer was lost is the same request as the first. */
import { useRef } from "react";
import type { Once, Payloads, RequestName, Results } from "../protocol.ts";
import { ask } from "./till.ts";

/** Requests that name an id. */
type OnceName = { [Name in RequestName]: Payloads[Name] extends Once ? Name : never }[RequestName];
type AskOnce = <Name extends OnceName>(
  name: Name,
  payload: Omit<Payloads[Name], "request">,
) => Promise<Results[Name]>;

/** The id is made before anything is asked, and is kept until there is an answer; other content is another request. */
export function useAskOnce(): AskOnce {
  const kept = useRef<{ readonly text: string; readonly id: string }>(undefined);
  return async <Name extends OnceName>(name: Name, payload: Omit<Payloads[Name], "request">) => {
    const text = JSON.stringify([name, payload]);
    if (kept.current?.text !== text) kept.current = { text, id: crypto.randomUUID() };
    const named = { ...payload, request: kept.current.id } as unknown as Payloads[Name];
    const result = await ask(name, named);
    kept.current = undefined;
    return result;
  };
}
