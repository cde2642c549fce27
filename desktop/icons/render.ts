/**
 * `node desktop/icons/render.ts [CHROMIUM]`: draws every picture of the program from the page's own `icon.svg`. They are
 * committed, so that a build needs no browser, with the hash of what they were drawn from; a test compares that.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const here = import.meta.dirname;
const drawing = readFileSync(join(here, "..", "ui", "public", "icon.svg"), "utf8");

/** What the tray's corner shows: nothing, a dot, or a ring. Shapes, since colours alone say nothing to some. */
const marks = {
  online: "",
  waiting: `<circle cx="49" cy="49" r="13" fill="#f5a400" stroke="#fff" stroke-width="4"/>`,
  offline: `<circle cx="49" cy="49" r="11" fill="#fff" stroke="#5c6b73" stroke-width="7"/>`,
} as const;

/** Name and picture; the sizes are those that desktops on Linux look for, and what Windows and macOS are made from. */
async function renderIcons(executablePath: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--force-color-profile=srgb"],
  });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 1 });
    const draw = async (svg: string, size: number): Promise<Uint8Array> => {
      await page.setViewportSize({ width: size, height: size });
      await page.setContent(
        `<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
      );
      return page.screenshot({ omitBackground: true });
    };
    const pictures = new Map<string, Uint8Array>();
    pictures.set("icon.png", await draw(drawing, 1024));
    for (const size of [16, 32, 48, 64, 128, 256, 512]) {
      pictures.set(`linux/${size}x${size}.png`, await draw(drawing, size));
    }
    for (const [name, mark] of Object.entries(marks)) {
      const marked = drawing.replace("</svg>", `${mark}</svg>`);
      pictures.set(`tray-${name}.png`, await draw(marked, 16));
      pictures.set(`tray-${name}@2x.png`, await draw(marked, 32));
    }
    return pictures;
  } finally {
    await browser.close();
  }
}

/** Of the drawing and of the marks: another one means that the pictures are to be drawn again. */
export function drawnFrom(): string {
  return createHash("sha256")
    .update(JSON.stringify([drawing, marks]))
    .digest("hex");
}

if (import.meta.main) {
  mkdirSync(join(here, "linux"), { recursive: true });
  for (const [name, picture] of await renderIcons(process.argv[2] ?? "/usr/bin/chromium")) {
    writeFileSync(join(here, name), picture);
  }
  writeFileSync(join(here, "drawn-from.sha256"), `${drawnFrom()}\n`);
}
