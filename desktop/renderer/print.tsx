/** Printing: what is printed is laid out apart from the screens, on a page as large as the paper. */
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import type { Settings } from "../protocol.ts";

type Paper = Settings["paper"];

const rollWidthMm = { "58": 58, "80": 80 } as const;
/** What printers of rolls leave white at each side. */
const rollMarginMm = { "58": 5, "80": 4 } as const;
const mmPerPixel = 25.4 / 96;
const pageRules = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, pageRules];

/** Gives what prints its argument, and the place where that is laid out meanwhile. */
export function usePrint(paper: Paper) {
  const [content, setContent] = useState<ReactNode>();
  useEffect(() => {
    if (content === undefined) return;
    const place = paperPlace();
    const forget = () => setContent(undefined);
    window.addEventListener("afterprint", forget);
    void printFrom(place, paper);
    return () => window.removeEventListener("afterprint", forget);
  }, [content, paper]);
  const sheet =
    content === undefined
      ? null
      : createPortal(<div className={`paper paper-${paper}`}>{content}</div>, paperPlace());
  return { print: setContent, sheet };
}

function paperPlace(): HTMLElement {
  const place = document.querySelector<HTMLElement>("#paper");
  if (!place) throw new Error("the page has no place for what is printed");
  return place;
}

async function printFrom(place: HTMLElement, paper: Paper): Promise<void> {
  await pictures(place);
  pageRules.replaceSync(`@page { ${pageRule(paper, place)} }`);
  window.print();
}

async function pictures(place: HTMLElement): Promise<void> {
  await Promise.allSettled([...place.querySelectorAll("img")].map((image) => image.decode()));
}

/** A roll is as long as what is on it, so it has to be measured. */
function pageRule(paper: Paper, place: HTMLElement): string {
  if (paper === "A4") return "size: A4; margin: 15mm";
  place.classList.add("measured");
  const heightMm = Math.ceil(place.getBoundingClientRect().height * mmPerPixel) + 10;
  place.classList.remove("measured");
  return `size: ${rollWidthMm[paper]}mm ${Math.max(heightMm, 60)}mm; margin: 3mm ${rollMarginMm[paper]}mm`;
}
