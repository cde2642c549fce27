/**
 * What the page is kept from, whatever runs in it.
 *
 * E2  The window shows the page and nothing else: no other address, no second window, no embedded one.
 * E3  Of everything that asks for permission only the camera, for the page itself, is let through.
 * E4  The page loads nothing from any network; what it saves are files that it made itself.
 */
import type { Session, WebContents } from "electron";
import { isPageUrl } from "./page-scheme.ts";

export function guardContents(contents: WebContents): void {
  contents.on("will-frame-navigate", (event) => {
    if (!event.isMainFrame || !isPageUrl(event.url)) event.preventDefault();
  });
  contents.on("will-navigate", (event) => {
    if (!isPageUrl(event.url)) event.preventDefault();
  });
  contents.on("will-redirect", (event) => {
    if (!isPageUrl(event.url)) event.preventDefault();
  });
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}

export interface SessionParts {
  /** Asks the system, where the system has a say in it: macOS. */
  readonly mayUseCamera: () => Promise<boolean>;
  /** Developer tools are part of an unpackaged start, and load their own files. */
  readonly isPackaged: boolean;
}

export function guardSession(session: Session, { mayUseCamera, isPackaged }: SessionParts): void {
  session.setPermissionRequestHandler((contents, permission, decide, details) => {
    const isCamera =
      permission === "media" &&
      details.isMainFrame &&
      isPageUrl(details.requestingUrl) &&
      isPageUrl(contents.getURL()) &&
      "mediaTypes" in details &&
      details.mediaTypes?.length === 1 &&
      details.mediaTypes[0] === "video";
    if (!isCamera) return decide(false);
    mayUseCamera().then(decide, () => decide(false));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, requestingOrigin, details) =>
      permission === "media" &&
      details.mediaType === "video" &&
      details.isMainFrame &&
      isPageUrl(requestingOrigin),
  );
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, decide) => decide({}));
  session.setSpellCheckerEnabled(false);
  session.on("will-download", (event, item) => {
    if (!isOwnBlob(item.getURL())) event.preventDefault();
  });
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    const isTool = !isPackaged && url.startsWith("devtools:");
    decide({ cancel: !(isPageUrl(url) || isOwnBlob(url) || url.startsWith("data:") || isTool) });
  });
}

function isOwnBlob(url: string): boolean {
  return url.startsWith("blob:") && isPageUrl(url.slice("blob:".length));
}
