/** Simple charts as SVG: what they show is also there as a table, for those who do not see them. */
import { useId } from "react";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value as people read it. */
  readonly text: string;
  /** The same where there is little room. */
  readonly short: string;
}

const width = 560;
const height = 150;
const foot = 20;

interface BarsProps {
  readonly title: string;
  /** What a label is, and what a value. */
  readonly heads: readonly [string, string];
  readonly bars: readonly Bar[];
}

/** One bar for each day. */
export function Bars({ title, heads, bars }: BarsProps) {
  return (
    <>
      <Drawn title={title} bars={bars} />
      <div className="unseen">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars.map(({ label, text }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Drawn({ title, bars }: Pick<BarsProps, "title" | "bars">) {
  const id = useId();
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const step = width / Math.max(1, bars.length);
  const room = height - foot - 16;
  return (
    <figure>
      <figcaption id={id}>{title}</figcaption>
      <svg className="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-labelledby={id}>
        {bars.map(({ label, value, text, short }, place) => {
          const size = Math.round((value / most) * room);
          const middle = place * step + step / 2;
          return (
            <g key={label}>
              <rect
                className="bar"
                x={place * step + step * 0.15}
                y={height - foot - size}
                width={step * 0.7}
                height={size}
                rx={2}
              >
                <title>{`${label}: ${text}`}</title>
              </rect>
              {value > 0 && (
                <text x={middle} y={height - foot - size - 4} textAnchor="middle">
                  {short}
                </text>
              )}
              <text x={middle} y={height - 4} textAnchor="middle">
                {label.slice(-2)}
              </text>
            </g>
          );
        })}
        <line className="ground" x1={0} x2={width} y1={height - foot} y2={height - foot} />
      </svg>
    </figure>
  );
}

/** How much of a whole, beside the number that says it. */
export function Share({ part, whole }: { readonly part: number; readonly whole: number }) {
  const share = whole === 0 ? 0 : (part / whole) * 100;
  return (
    <svg className="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect className="ground" width={100} height={8} rx={2} />
      <rect width={share} height={8} rx={2} />
    </svg>
  );
}

export interface Part {
  readonly label: string;
  readonly part: number;
  readonly whole: number;
  readonly text: string;
}

/** One bar for each kind of thing, as a table whose rows say what the bars show. */
export function Parts({ title, parts }: { readonly title: string; readonly parts: readonly Part[] }) {
  return (
    <table className="parts">
      <caption>{title}</caption>
      <tbody>
        {parts.map(({ label, part, whole, text }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>
              <Share part={part} whole={whole} />
            </td>
            <td className="number">{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
