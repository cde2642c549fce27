/** What several screens are made of, in the till and in the console. */
import { useEffect, useId, useRef } from "react";
import type { ReactNode } from "react";

/** Rows of a name and what it is. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A dialog of the platform: it keeps the focus inside, and Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** The product and whose till it is. */
export function Brand({ name, note }: { readonly name: string; readonly note?: string | undefined }) {
  return (
    <div className="brand">
      <img src="./icon.svg" alt="" />
      <span>
        {name}
        {note !== undefined && <small>{note}</small>}
      </span>
    </div>
  );
}
