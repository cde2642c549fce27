/** The enrolment link that the program was opened with: the shell leaves it behind the `#` of the page's address. */
import { useEffect, useState } from "react";

const prefix = "#open=";

/** Undefined where there was none; another one takes its place. It holds a code, and does not stay in the address. */
export function useOpenedLink(): string | undefined {
  const [link, setLink] = useState<string>();
  useEffect(() => {
    const take = () => {
      const { hash, pathname } = window.location;
      if (!hash.startsWith(prefix)) return;
      setLink(decoded(hash.slice(prefix.length)));
      window.history.replaceState(null, "", pathname);
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  return link;
}

/** What cannot be decoded is no link. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
