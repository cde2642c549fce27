/**
 * Requests that are held until something is told about their shape. A place is taken before the log is read, so that
 * what is told between the reading and the waiting is not lost.
 */

export type WaitEnd = "told" | "timeout" | "closed" | "displaced";

export interface Place {
  /**
   * Resolves with `told` at once if anything was told since the last time; rejects with the signal's reason when
   * `signal` aborts.
   */
  next(timeoutMs: number, signal: AbortSignal): Promise<WaitEnd>;
  leave(): void;
}

export interface WaitingRoom {
  enter(key: string): Place;
  tell(keys: readonly string[] | "all"): void;
  /** Ends all waiting, now and from now on. */
  close(): void;
  readonly size: number;
}

/** A client whose connections hang opens new ones; beyond `perKey` the oldest place of the key is ended. */
export function createWaitingRoom(perKey: number): WaitingRoom {
  const places = new Map<string, Set<HeldPlace>>();
  let closed = false;
  let size = 0;

  const leave = (key: string, place: HeldPlace) => {
    const others = places.get(key);
    if (!others?.delete(place)) return;
    size -= 1;
    if (others.size === 0) places.delete(key);
  };

  return {
    enter(key) {
      const others = places.get(key) ?? new Set();
      places.set(key, others);
      const [oldest] = others;
      if (oldest && others.size >= perKey) {
        oldest.end("displaced");
        leave(key, oldest);
        places.set(key, others);
      }
      const place = createPlace(() => leave(key, place));
      others.add(place);
      size += 1;
      if (closed) place.end("closed");
      return place;
    },
    tell(keys) {
      for (const key of keys === "all" ? places.keys() : keys) {
        for (const place of places.get(key) ?? []) place.tell();
      }
    },
    close() {
      closed = true;
      for (const held of places.values()) for (const place of held) place.end("closed");
    },
    get size() {
      return size;
    },
  };
}

interface HeldPlace extends Place {
  tell(): void;
  end(how: "closed" | "displaced"): void;
}

function createPlace(leave: () => void): HeldPlace {
  let told = false;
  let ended: WaitEnd | undefined;
  let wake: ((how: WaitEnd) => void) | undefined;
  return {
    leave,
    tell() {
      told = true;
      wake?.("told");
    },
    end(how) {
      ended = how;
      wake?.(how);
    },
    async next(timeoutMs, signal) {
      signal.throwIfAborted();
      try {
        if (ended) return ended;
        if (told) return "told";
        return await new Promise<WaitEnd>((resolve, reject) => {
          const settle = (finish: () => void) => {
            wake = undefined;
            clearTimeout(timer);
            signal.removeEventListener("abort", abort);
            finish();
          };
          const abort = () => settle(() => reject(signal.reason));
          const timer = setTimeout(() => settle(() => resolve("timeout")), timeoutMs);
          signal.addEventListener("abort", abort);
          wake = (how) => settle(() => resolve(how));
        });
      } finally {
        told = false;
      }
    },
  };
}
