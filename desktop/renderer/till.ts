/** The page's end of the line to the till: through Electron's bridge where there is one, else over HTTP. */
import { createContext, use, useEffect, useState } from "react";
import type { Answer, Payloads, RequestName, Results, TillState } from "../protocol.ts";

interface Bridge {
  ask(name: string, payload: unknown): Promise<Answer>;
  listen(listener: () => void): () => void;
}

declare global {
  interface Window {
    readonly paypost?: Bridge;
  }
}

const bridge: Bridge = window.paypost ?? createHttpBridge();

/** Thrown when the till did not do what it was asked, for a reason that is nobody's ordinary no. */
export class TillError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export async function ask<Name extends RequestName>(
  name: Name,
  payload: Payloads[Name],
): Promise<Results[Name]> {
  const answer = (await bridge.ask(name, payload)) as Answer<Name>;
  if (!answer.ok) throw new TillError(answer.code, answer.message);
  return answer.result;
}

/** Undefined until the till has answered for the first time. */
export function useTillState(): {
  readonly state: TillState | undefined;
  readonly problem: string | undefined;
} {
  const { result, problem } = useAnswer("state", {});
  return { state: result, problem };
}

/** The till's answer, asked for again whenever something may look different. The payload is compared by its text. */
export function useAnswer<Name extends RequestName>(name: Name, payload: Payloads[Name]) {
  const [answer, setAnswer] = useState<{ readonly result?: Results[Name]; readonly problem?: string }>({});
  const text = JSON.stringify(payload);
  useEffect(() => {
    let isWanted = true;
    const again = () => {
      ask(name, JSON.parse(text) as Payloads[Name]).then(
        (result) => isWanted && setAnswer({ result }),
        (error: unknown) =>
          isWanted &&
          setAnswer((before) => ({
            ...before,
            problem: error instanceof TillError ? error.code : "unreachable",
          })),
      );
    };
    again();
    const stop = bridge.listen(again);
    return () => {
      isWanted = false;
      stop();
    };
  }, [name, text]);
  return answer;
}

/** The till's state inside the open screens, where there always is one. */
export const TillContext = createContext<TillState | undefined>(undefined);

export function useTill(): TillState {
  const state = use(TillContext);
  if (!state) throw new Error("this screen is shown before the till has answered");
  return state;
}

export function connectionOf(online: boolean | null): "unknown" | "online" | "offline" {
  return online === null ? "unknown" : online ? "online" : "offline";
}

/** Whatever broke off, the till may have done what it was asked: nobody is told that it did not. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new TillError("no-answer", error instanceof Error ? error.message : String(error));
  }
}

function createHttpBridge(): Bridge {
  const listeners = new Set<() => void>();
  const tell = () => listeners.forEach((listener) => listener());
  const events = new EventSource("./events");
  events.addEventListener("message", tell);
  events.addEventListener("error", tell);
  return {
    async ask(name, payload) {
      const response = await answered(
        fetch(`./ask/${name}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(payload),
        }),
      );
      if (!response.ok) throw new TillError("not-let-in", await response.text());
      return (await answered(response.json())) as Answer;
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
