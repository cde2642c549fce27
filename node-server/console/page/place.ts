/** Where in the console one is: `#/nodes/…`, so that a place can be kept, sent to a colleague and gone back to. */
import { useSyncExternalStore } from "react";

export interface Place {
  readonly page: string;
  readonly rest: readonly string[];
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(listen, () => window.location.hash);
  const [page = "", ...rest] = hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  return { page, rest };
}

export function linkTo(page: string, ...rest: readonly string[]): string {
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}`;
}

function listen(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
