/** Hooks for what the server is asked: once, again and again, and for changing something. */
import { useEffect, useRef, useState } from "react";
import { ask, readPath, send } from "./api.ts";
import type { Answered, AnswerOf, ChangeName, InputOf, ReadName } from "./api.ts";

/** How often what is on the screen is asked for again. */
const liveMs = 10_000;

export interface Asked<Answer> {
  /** What was answered last; it stays while it is asked for again. */
  readonly answer: Answer | undefined;
  readonly refusal: string | undefined;
}

export interface Asking {
  /** Asks again every so often, while somebody looks. */
  readonly live?: boolean;
  /** Another number asks anew: something was changed. */
  readonly version?: number;
}

export function useAsked<Answer>(path: string, { live = false, version = 0 }: Asking): Asked<Answer> {
  const [state, setState] = useState<{ readonly path: string; readonly told: Answered<Answer> }>();
  useEffect(() => {
    const stop = new AbortController();
    const load = async (byItself: boolean) => {
      const told = await ask<Answer>(path, { live: byItself, signal: stop.signal });
      if (!stop.signal.aborted) setState({ path, told });
    };
    void load(false);
    const timer =
      live && setInterval(() => document.visibilityState === "visible" && void load(true), liveMs);
    return () => {
      stop.abort();
      if (timer !== false) clearInterval(timer);
    };
  }, [path, live, version]);
  const told = state?.path === path ? state.told : undefined;
  return {
    answer: told?.ok === true ? told.answer : undefined,
    refusal: told?.ok === false ? told.refusal : undefined,
  };
}

export function useRead<Name extends ReadName>(
  name: Name,
  input: InputOf<Name>,
  asking: Asking = {},
): Asked<AnswerOf<Name>> {
  return useAsked<AnswerOf<Name>>(readPath(name, input), asking);
}

/** Changes something: one at a time, with what became of it. */
export function useChange<Name extends ChangeName>(name: Name) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const running = useRef(false);
  const run = async (input: InputOf<Name>): Promise<AnswerOf<Name> | undefined> => {
    if (running.current) return undefined;
    running.current = true;
    setBusy(true);
    setRefusal(undefined);
    const told = await send<AnswerOf<Name>>(name, input);
    running.current = false;
    setBusy(false);
    if (told.ok) return told.answer;
    setRefusal(told.refusal);
    return undefined;
  };
  return { isBusy, refusal, run };
}
