/** What the page may load and do, the same in every shell: itself only, and the camera for scanning. */

/** Content-Security-Policy. The reader of codes is WebAssembly; pictures are the camera's and those dropped on the page. */
export const contentSecurityPolicy = [
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

export const permissionsPolicy = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()";
