/** Nodes: when they were heard of, what they hold, and stopping one. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Dialog, Facts } from "#ui/parts.tsx";
import type { AnswerOf, RowOf } from "../api.ts";
import { useRead } from "../asking.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Refused, Told, useActs } from "../parts.tsx";
import { useFiltersOfPlace } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

type Node = RowOf<"nodes">;

export function Nodes() {
  const { t } = useTranslation();
  const { key, initially } = useFiltersOfPlace("search");
  const { number } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<{
    readonly act: "freeze" | "revoke";
    readonly node: Node;
  }>();
  const [shown, setShown] = useState<Node>();
  return (
    <>
      <PageHead title={t("nodes.title")} />
      <Told text={told} />
      <List
        key={key}
        initially={initially}
        name="nodes"
        caption={t("nodes.title")}
        live
        version={version}
        rowKey={({ id }) => id}
        filters={[
          { kind: "search", name: "search", label: t("common.search") },
          {
            kind: "choice",
            name: "status",
            label: t("nodes.status"),
            options: (["active", "frozen", "revoked"] as const).map((value) => ({
              value,
              label: term(value),
            })),
          },
          {
            kind: "choice",
            name: "silentHours",
            label: t("nodes.silent"),
            options: [
              { value: "24", label: t("nodes.silentDay") },
              { value: "168", label: t("nodes.silentWeek") },
            ],
          },
        ]}
        columns={[
          {
            head: t("nodes.name"),
            sort: "name",
            cell: ({ name, id }) => (
              <span className="stack">
                {name}
                <small className="soft" title={id}>
                  …{id.slice(-12)}
                </small>
              </span>
            ),
          },
          { head: t("nodes.merchant"), sort: "merchant", cell: ({ merchantName }) => merchantName },
          { head: t("nodes.status"), cell: ({ status }) => <Chip state={status} /> },
          {
            head: t("nodes.lastContact"),
            sort: "contact",
            cell: ({ lastContact, clockOffsetSeconds }) => (
              <span className="stack">
                <Moment at={lastContact} />
                {clockOffsetSeconds !== null && (
                  <small className="soft">{t("nodes.clockAhead", { seconds: clockOffsetSeconds })}</small>
                )}
              </span>
            ),
          },
          { head: t("nodes.operations"), look: "number", cell: ({ operations }) => number(operations) },
          { head: t("nodes.held"), look: "number", cell: ({ held }) => number(held) },
          {
            head: t("nodes.leases"),
            look: "number",
            cell: ({ openLeases, mostLeases }) => t("nodes.leasesOf", { open: openLeases, most: mostLeases }),
          },
          { head: t("nodes.waiting"), cell: (node) => <Waiting node={node} /> },
        ]}
        acts={(node) => (
          <>
            {may("nodeLimits") && (
              <button type="button" onClick={() => setShown(node)}>
                {t("nodes.limits")}
                <span className="unseen"> {node.name}</span>
              </button>
            )}
            {may("node.freeze") && node.status === "active" && (
              <button type="button" onClick={() => ask({ act: "freeze", node })}>
                {t("nodes.freeze")}
                <span className="unseen"> {node.name}</span>
              </button>
            )}
            {may("node.revoke") && node.status !== "revoked" && (
              <button type="button" className="danger" onClick={() => ask({ act: "revoke", node })}>
                {t("nodes.revoke")}
                <span className="unseen"> {node.name}</span>
              </button>
            )}
          </>
        )}
      />
      {shown && <Limits node={shown} onClose={() => setShown(undefined)} />}
      {asked && (
        <Confirm
          action={`node.${asked.act}`}
          title={t(`nodes.${asked.act}Title`, { name: asked.node.name })}
          text={t(`nodes.${asked.act}Text`)}
          label={t(`nodes.${asked.act}`)}
          danger
          input={() => ({ id: asked.node.id })}
          onDone={({ lastSequence }) =>
            done(t("nodes.done", { name: asked.node.name, sequence: lastSequence }))
          }
          onClose={close}
        />
      )}
    </>
  );
}

/** As it told with its last session, and empty since everything came. */
function Waiting({ node }: { readonly node: Node }) {
  const { t } = useTranslation();
  const { number, money, time, list } = useFormats();
  const { version, waiting, oldestAt, worth, reportedAt } = node;
  if (version === null || waiting === null || reportedAt === null) return null;
  return (
    <span className="stack">
      <span>
        {number(waiting)}
        {worth.length > 0 && ` · ${list(worth.map(money))}`}
      </span>
      {oldestAt !== null && <small>{t("nodes.oldest", { when: time(oldestAt) })}</small>}
      <small className="soft">{t("nodes.told", { version, when: time(reportedAt) })}</small>
    </span>
  );
}

function Limits({ node, onClose }: { readonly node: Node; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { answer, refusal } = useRead("nodeLimits", { id: node.id });
  return (
    <Dialog title={t("nodes.limitsOf", { name: node.name })} onClose={onClose}>
      <Refused code={refusal} />
      {answer?.limits === null && <p>{t("nodes.noLimits")}</p>}
      {answer?.limits && <Allowed limits={answer.limits} mostLeases={node.mostLeases} />}
      <button type="button" onClick={onClose}>
        {t("common.close")}
      </button>
    </Dialog>
  );
}

interface AllowedProps {
  readonly limits: NonNullable<AnswerOf<"nodeLimits">["limits"]>;
  readonly mostLeases: number;
}

const amounts = ["perVoucher", "perOperation", "sum", "guaranteed", "unanchored"] as const;

function Allowed({ limits, mostLeases }: AllowedProps) {
  const { t } = useTranslation();
  const { moment, money, number } = useFormats();
  const { version, expiresAt, atRisk, unanchoredHours, clockErrorSeconds, currencies } = limits;
  return (
    <>
      <p>{t("nodes.limitsText")}</p>
      <Facts
        rows={[
          [t("nodes.policy"), t("nodes.policyUntil", { version, when: moment(expiresAt) })],
          [t("nodes.leaseLimit"), number(mostLeases)],
          [t("nodes.atRisk"), atRisk === null ? t("nodes.atRiskNone") : t("nodes.atRiskUpTo", atRisk)],
          [t("nodes.unanchored"), t("nodes.hours", { hours: unanchoredHours })],
          [t("nodes.clockError"), t("common.seconds", { count: clockErrorSeconds })],
        ]}
      />
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroller" role="region" aria-label={t("nodes.limits")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {amounts.map((name) => (
                <th key={name} scope="col" className="number">
                  {t(`nodes.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {currencies.map((most) => (
              <tr key={most.sum.currency}>
                {amounts.map((name) => (
                  <td key={name} className="number">
                    {money(most[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
