/** Beneficiaries of the account mapper, masked, and what is sealed of them once two people have said so. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Dialog } from "#ui/parts.tsx";
import type { RowOf } from "../api.ts";
import { useRead } from "../asking.ts";
import { List } from "../list.tsx";
import { Chip, Confirm, Moment, PageHead, Refused, Told, useActs } from "../parts.tsx";
import { useMay, useSession } from "../session.ts";
import { useTerm } from "../words.ts";

const states = ["active", "inactive", "unlinked"] as const;

type Asked =
  | { readonly act: "propose"; readonly payee: RowOf<"beneficiaries"> }
  | { readonly act: "show"; readonly disclosure: RowOf<"disclosures"> };

export function Beneficiaries() {
  const { t } = useTranslation();
  const { number } = useFormats();
  const term = useTerm();
  const may = useMay();
  const { asked, ask, told, version, done, close } = useActs<Asked>();
  return (
    <>
      <PageHead title={t("beneficiaries.title")} />
      <p className="soft">{t("beneficiaries.hint")}</p>
      <Told text={told} />
      <List
        name="beneficiaries"
        caption={t("beneficiaries.title")}
        rowKey={({ id }) => id}
        filters={[
          { kind: "search", name: "identity", label: t("beneficiaries.identity") },
          { kind: "search", name: "programme", label: t("beneficiaries.programme") },
          { kind: "search", name: "area", label: t("beneficiaries.area") },
          {
            kind: "choice",
            name: "state",
            label: t("beneficiaries.state"),
            options: states.map((value) => ({ value, label: term(value) })),
          },
        ]}
        columns={[
          { head: t("beneficiaries.identity"), look: "code", cell: ({ identity }) => identity },
          { head: t("beneficiaries.institution"), cell: ({ institution }) => institution },
          { head: t("beneficiaries.programme"), cell: ({ programme }) => programme ?? "" },
          { head: t("beneficiaries.area"), cell: ({ area }) => area ?? "" },
          { head: t("beneficiaries.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("beneficiaries.addresses"), look: "number", cell: ({ addresses }) => number(addresses) },
          { head: t("beneficiaries.changed"), cell: ({ changedAt }) => <Moment at={changedAt} /> },
        ]}
        {...(may("disclosure.propose") && {
          acts: (payee: RowOf<"beneficiaries">) => (
            <button type="button" onClick={() => ask({ act: "propose", payee })}>
              {t("beneficiaries.see")}
              <span className="unseen"> {payee.identity}</span>
            </button>
          ),
        })}
      />
      {may("disclosures") && (
        <Disclosures version={version} onShow={(disclosure) => ask({ act: "show", disclosure })} />
      )}
      {asked?.act === "propose" && (
        <Confirm
          action="disclosure.propose"
          title={t("beneficiaries.seeTitle", asked.payee)}
          text={t("beneficiaries.seeText")}
          label={t("beneficiaries.see")}
          asksWhy
          input={(because) => ({ payee: asked.payee.id, because })}
          onDone={() => done(t("beneficiaries.asked"))}
          onClose={close}
        />
      )}
      {asked?.act === "show" && <Disclosed disclosure={asked.disclosure} onClose={close} />}
    </>
  );
}

interface DisclosuresProps {
  readonly version: number;
  readonly onShow: (disclosure: RowOf<"disclosures">) => void;
}

function Disclosures({ version, onShow }: DisclosuresProps) {
  const { t } = useTranslation();
  const term = useTerm();
  const may = useMay();
  const { name } = useSession();
  return (
    <>
      <h2>{t("beneficiaries.disclosures")}</h2>
      <List
        name="disclosures"
        caption={t("beneficiaries.disclosures")}
        version={version}
        rowKey={({ id }) => id}
        filters={[
          {
            kind: "choice",
            name: "state",
            label: t("beneficiaries.state"),
            options: ["waiting", "released", "over", "withdrawn"].map((value) => ({
              value,
              label: term(value),
            })),
          },
        ]}
        columns={[
          { head: t("beneficiaries.identity"), look: "code", cell: ({ identity }) => identity },
          { head: t("beneficiaries.institution"), cell: ({ institution }) => institution },
          { head: t("beneficiaries.because"), look: "long", cell: ({ because }) => because },
          { head: t("beneficiaries.by"), cell: ({ proposedBy }) => proposedBy },
          { head: t("beneficiaries.at"), sort: "id", cell: ({ proposedAt }) => <Moment at={proposedAt} /> },
          { head: t("beneficiaries.state"), cell: ({ state }) => <Chip state={state} /> },
          { head: t("beneficiaries.released"), cell: ({ endedBy }) => endedBy ?? "" },
        ]}
        acts={(disclosure) =>
          may("disclosure.show") &&
          disclosure.state === "released" &&
          disclosure.proposedBy === name && (
            <button type="button" className="primary" onClick={() => onShow(disclosure)}>
              {t("beneficiaries.show")}
              <span className="unseen"> {disclosure.identity}</span>
            </button>
          )
        }
      />
    </>
  );
}

interface DisclosedProps {
  readonly disclosure: RowOf<"disclosures">;
  readonly onClose: () => void;
}

function Disclosed({ disclosure, onClose }: DisclosedProps) {
  const { t } = useTranslation();
  const { answer, refusal } = useRead("disclosure.show", { id: disclosure.id });
  const now = answer?.addresses.map((address) => ({ at: null, by: "", address })) ?? [];
  return (
    <Dialog title={t("beneficiaries.showTitle", disclosure)} onClose={onClose}>
      <Refused code={refusal} />
      {answer && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className="scroller" role="region" aria-label={t("beneficiaries.addresses")} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {(["when", "address", "modality", "institution", "by"] as const).map((head) => (
                  <th key={head} scope="col">
                    {t(`beneficiaries.${head}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {[...now, ...answer.history].map(({ at, by, address }, place) => (
                // What is shown never changes while it is shown.
                // oxlint-disable-next-line react/no-array-index-key
                <tr key={place}>
                  <th scope="row">{at === null ? t("beneficiaries.now") : <Moment at={at} />}</th>
                  <td className="code">{address?.address}</td>
                  <td>{address?.modality}</td>
                  <td>{address?.institution}</td>
                  <td>{by}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <button type="button" onClick={onClose}>
        {t("common.close")}
      </button>
    </Dialog>
  );
}
