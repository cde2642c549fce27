/** The page's pictures, drawn here: lines in the colour of the text, hidden from screen readers, which have the words. */
import type { ReactNode } from "react";

const paths = {
  redeem: (
    <>
      <path d="M3 7h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4z" />
      <path d="m9 12 2.2 2.2L15.5 10" />
    </>
  ),
  bills: (
    <>
      <path d="M6 3h12v18l-3-2-3 2-3-2-3 2z" />
      <path d="M9 8h6M9 12h6" />
    </>
  ),
  history: (
    <>
      <path d="M4 6h16M4 12h16M4 18h10" />
    </>
  ),
  totals: <path d="M17 5H7l6 7-6 7h10" />,
  payouts: (
    <>
      <rect x="3" y="6" width="18" height="12" rx="2" />
      <circle cx="12" cy="12" r="2.5" />
    </>
  ),
  disputes: (
    <>
      <path d="M12 4v16M7 20h10M5 7h14" />
      <path d="m5 7-2.5 6h5zM19 7l-2.5 6h5z" />
    </>
  ),
  vouchers: (
    <>
      <path d="M6 4h12v17l-6-4-6 4z" />
    </>
  ),
  shift: (
    <>
      <rect x="3" y="10" width="18" height="9" rx="1.5" />
      <path d="M6 10V6h12v4M10 14.5h4" />
    </>
  ),
  sync: (
    <>
      <path d="M20 11A8 8 0 0 0 5.5 7.5L4 9M4 13a8 8 0 0 0 14.5 3.5L20 15" />
      <path d="M4 5v4h4M20 19v-4h-4" />
    </>
  ),
  settings: (
    <>
      <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
      <circle cx="15" cy="7" r="2" />
      <circle cx="9" cy="17" r="2" />
    </>
  ),
  more: (
    <>
      <path d="M5 12h.01M12 12h.01M19 12h.01" strokeWidth="3" />
    </>
  ),
  online: (
    <>
      <path d="M3 9a13 13 0 0 1 18 0M6.5 13a8 8 0 0 1 11 0M10 17a3 3 0 0 1 4 0" />
    </>
  ),
  offline: (
    <>
      <path d="m4 4 16 16M3 9a13 13 0 0 1 4-2.6M12 5.5A13 13 0 0 1 21 9M6.5 13a8 8 0 0 1 4-2.2M10 17a3 3 0 0 1 4 0" />
    </>
  ),
  payees: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4 20a8 8 0 0 1 16 0" />
    </>
  ),
  camera: (
    <>
      <path d="M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3" />
      <path d="M8 8h3v3H8zM13 13h3v3h-3zM13 8h3M8 13v3" />
    </>
  ),
  picture: (
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <path d="m3 16 5-5 5 5 3-3 5 4" />
      <circle cx="15.5" cy="9.5" r="1" />
    </>
  ),
  lock: (
    <>
      <rect x="5" y="11" width="14" height="9" rx="2" />
      <path d="M8 11V8a4 4 0 0 1 8 0v3" />
    </>
  ),
  print: (
    <>
      <path d="M7 9V4h10v5M7 18H4v-8h16v8h-3" />
      <path d="M7 14h10v6H7z" />
    </>
  ),
  save: <path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14" />,
  open: <path d="M12 15V4M7.5 8.5 12 4l4.5 4.5M5 20h14" />,
  back: <path d="m14 6-6 6 6 6" />,
  yes: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="m7.5 12.5 3 3 6-6.5" />
    </>
  ),
  wait: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7v5l3.5 2" />
    </>
  ),
  no: (
    <>
      <path d="M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3z" />
      <path d="m9 9 6 6M15 9l-6 6" />
    </>
  ),
  people: (
    <>
      <circle cx="9" cy="8" r="3.5" />
      <path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M17.5 14.2a6.5 6.5 0 0 1 4 5.8" />
    </>
  ),
  nodes: (
    <>
      <rect x="3" y="5" width="12" height="9" rx="1.5" />
      <path d="M9 14v4M5.5 18h7M18 8h3v10h-4" />
    </>
  ),
  approvals: (
    <>
      <path d="m3.5 12.5 4 4 7-8" />
      <path d="m11.5 15.5 1.5 1.5 7.5-8.5" />
    </>
  ),
  callbacks: (
    <>
      <path d="M21 4 3 11l7 3 3 7z" />
      <path d="M10 14 21 4" />
    </>
  ),
  caution: (
    <>
      <path d="M12 4 2.8 20h18.4z" />
      <path d="M12 10v4.5M12 17.2v.1" />
    </>
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof paths;

/** These point along the line of reading. */
const turning: ReadonlySet<IconName> = new Set<IconName>(["back", "history"]);

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      className={turning.has(name) ? "icon turns" : "icon"}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      {paths[name]}
    </svg>
  );
}
