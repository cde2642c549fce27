/** Signs the cashier out when nobody has touched the till for a while. */
import { useEffect } from "react";
import { ask } from "./till.ts";

const touches = ["pointerdown", "keydown", "wheel"] as const;

export function useIdleLock(minutes: number): void {
  useEffect(() => {
    let timer: number;
    const begin = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void ask("sign-out", { endShift: false }), minutes * 60_000);
    };
    begin();
    for (const touch of touches) window.addEventListener(touch, begin);
    return () => {
      window.clearTimeout(timer);
      for (const touch of touches) window.removeEventListener(touch, begin);
    };
  }, [minutes]);
}
