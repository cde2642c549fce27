/** Tells the till that somebody is here. The till locks itself when it has heard of nobody for a while. */
import { useEffect } from "react";
import { ask } from "./till.ts";

const touches = ["pointerdown", "keydown", "wheel"] as const;
/** Many touches are one message: the lock comes at most so much earlier. */
const togetherMs = 5000;

export function useTouch(): void {
  useEffect(() => {
    let timer: number | undefined;
    const tell = () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        // Where it is locked already, or does not answer, the screen says so by itself.
        void ask("touch", {}).catch(() => {});
      }, togetherMs);
    };
    for (const touch of touches) window.addEventListener(touch, tell);
    return () => {
      window.clearTimeout(timer);
      for (const touch of touches) window.removeEventListener(touch, tell);
    };
  }, []);
}
