/** What the page may load and do, the same in every shell: itself only, and the camera for scanning. */

/** Content-Security-Policy. The reader of codes is WebAssembly; pictures are the camera's and those dropped on the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const permissionsPolicy = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()";

/** With every answer, whatever it holds. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": contentSecurityPolicy,
  "Permissions-Policy": permissionsPolicy,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** A request from the page is never longer: the largest is a file of somebody's queue, in base64. */
export const mostRequestBytes = 4_000_000;
