/** Scanners that type: a square code is understood wherever the focus is, and never presses a button by its spaces. */
import { useEffect, useRef } from "react";
import { tokenIn } from "./voucher-text.ts";

/** A code has some hundred characters; what is older belongs to something else. */
const longest = 1024;

/** `onRead` undefined: nothing is listened to. `find`: what is looked for in what was typed; a voucher's code unless it is said. */
export function useWedge(
  onRead: ((found: string) => void) | undefined,
  find: (typed: string) => string | undefined = tokenIn,
): void {
  const told = useRef(onRead);
  told.current = onRead;
  const finding = useRef(find);
  finding.current = find;
  useEffect(() => {
    let typed = "";
    const listen = (event: KeyboardEvent) => {
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
        typed = (typed + event.key).slice(-longest);
        const isInside = tokenIn(typed) !== undefined;
        if (isInside && event.key === " " && !(event.target instanceof HTMLInputElement))
          event.preventDefault();
        return;
      }
      if (event.key === "Shift" || event.key === "AltGraph") return;
      const token = event.key === "Enter" ? finding.current(typed) : undefined;
      typed = "";
      if (token === undefined || !told.current) return;
      event.preventDefault();
      event.stopPropagation();
      told.current(token);
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, []);
}
