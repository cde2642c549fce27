/** Nodes: when they were heard of, what they hold, and stopping one. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import type { RowOf } from "../api.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Told, useActs } from "../parts.tsx";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

type Node = RowOf<"nodes">;

export function Nodes() {
  const { t } = useTranslation();
  const { number } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<{
    readonly act: "freeze" | "revoke";
    readonly node: Node;
  }>();
  const canStop = may("node.freeze") || may("node.revoke");
  return (
    <>
      <PageHead title={t("nodes.title")} />
      <Told text={told} />
      <List
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
            cell: ({ lastContact }) => <Moment at={lastContact} />,
          },
          { head: t("nodes.operations"), look: "number", cell: ({ operations }) => number(operations) },
          { head: t("nodes.held"), look: "number", cell: ({ held }) => number(held) },
          {
            head: t("nodes.leases"),
            look: "number",
            cell: ({ openLeases, mostLeases }) => t("nodes.leasesOf", { open: openLeases, most: mostLeases }),
          },
          {
            head: t("nodes.clock"),
            look: "number",
            cell: ({ clockOffsetSeconds }) =>
              clockOffsetSeconds === null ? "" : t("common.seconds", { count: clockOffsetSeconds }),
          },
        ]}
        {...(canStop && {
          acts: (node: Node) => (
            <>
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
          ),
        })}
      />
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
