/** Long lists, a page at a time: what is in the document stays small, however much the till has. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Payloads, RequestName, Results } from "../protocol.ts";
import { useAction, Wrong } from "./action.tsx";
import { ask, useAnswer } from "./till.ts";

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly more: boolean;
}

interface PagesProps<Name extends RequestName, Row> {
  readonly name: Name;
  /** For the page after this row, or for the first one. */
  readonly payloadAfter: (row: Row | undefined) => Payloads[Name];
  readonly pageOf: (result: Results[Name]) => Page<Row>;
  readonly keyOf: (row: Row) => string | number;
}

/** Undefined until the first page is here. The first page follows what happens; later ones stay as they came. */
export function usePages<Name extends RequestName, Row>({
  name,
  payloadAfter,
  pageOf,
  keyOf,
}: PagesProps<Name, Row>) {
  const { result } = useAnswer(name, payloadAfter(undefined));
  const [later, setLater] = useState<readonly Page<Row>[]>([]);
  const { isBusy, wrong, run } = useAction();
  if (result === undefined) return undefined;
  const pages = [pageOf(result), ...later];
  // What came in at the top since the later pages were fetched is not shown a second time.
  const rows = withoutRepeats(pages, keyOf);
  const more = () =>
    run(async () => {
      const page = pageOf(await ask(name, payloadAfter(rows.at(-1))));
      setLater((known) => [...known, page]);
      return {};
    });
  return { result, rows, hasMore: pages.at(-1)?.more === true, more: () => void more(), isBusy, wrong };
}

function withoutRepeats<Row>(
  pages: readonly Page<Row>[],
  keyOf: (row: Row) => string | number,
): readonly Row[] {
  const seen = new Map<string | number, Row>();
  for (const row of pages.flatMap((page) => page.rows)) if (!seen.has(keyOf(row))) seen.set(keyOf(row), row);
  return [...seen.values()];
}

interface MoreProps {
  readonly hasMore: boolean;
  readonly more: () => void;
  readonly isBusy: boolean;
  readonly wrong: string | undefined;
}

export function More({ hasMore, more, isBusy, wrong }: MoreProps) {
  const { t } = useTranslation();
  return (
    <>
      {hasMore && (
        <button type="button" disabled={isBusy} onClick={more}>
          {isBusy ? t("common.working") : t("common.more")}
        </button>
      )}
      <Wrong text={wrong} />
    </>
  );
}
