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

/** Filters that the place gives a page's list, in the order of their names: `#/nodes/ID`. Another place is another list. */
export function useFiltersOfPlace(...names: readonly string[]): {
  readonly key: string;
  readonly initially: Readonly<Record<string, string>>;
} {
  const { rest } = usePlace();
  const given = names.flatMap((name, place) => {
    const value = rest[place];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { key: rest.join("/"), initially: Object.fromEntries(given) };
}

export function linkTo(page: string, ...rest: readonly string[]): string {
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}`;
}

function listen(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
