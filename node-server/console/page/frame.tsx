/** Around every page: the sections that one may see, who is signed in, and the way out. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "#ui/icons.tsx";
import { Brand } from "#ui/parts.tsx";
import { send } from "./api.ts";
import { pageNames, useMaySee } from "./needs.ts";
import type { PageName } from "./needs.ts";
import { onPhone, pages } from "./pages.tsx";
import { linkTo, usePlace } from "./place.ts";
import { useSession } from "./session.ts";
import { Settings } from "./settings.tsx";
import { useTerm } from "./words.ts";

export function Frame({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const { t } = useTranslation();
  const term = useTerm();
  const { name, roles, party } = useSession();
  const maySee = useMaySee();
  const place = usePlace();
  const main = useRef<HTMLElement>(null);
  const allowed = pageNames.filter(maySee);
  const named = allowed.find((page) => page === place.page);
  const current: PageName | "more" | undefined = place.page === "more" ? "more" : (named ?? allowed[0]);
  const where = [current, ...place.rest].join("/");
  const isFirst = useRef(true);
  useEffect(() => {
    // Whoever goes to another page by the keyboard, or hears it, begins at its top.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    window.scrollTo(0, 0);
  }, [where]);
  const rolesText = [...roles.map(term), ...(party === null ? [] : [party])].join(", ");
  const link = (page: PageName, className: string | undefined) => (
    <a
      key={page}
      href={linkTo(page)}
      className={className}
      aria-current={page === current ? "page" : undefined}
    >
      <Icon name={pages[page].icon} />
      {t(`${page}.title`)}
    </a>
  );
  const Page = current === undefined || current === "more" ? undefined : pages[current].Page;
  return (
    <div className="frame">
      <a
        className="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("common.skip")}
      </a>
      <div className="rail">
        <Brand name={t("common.name")} note={party ?? undefined} />
        <nav aria-label={t("common.sections")}>
          {allowed.map((page) => link(page, onPhone.has(page) ? undefined : "beyond"))}
          <a
            href={linkTo("more")}
            className="on-phone"
            aria-current={current === "more" ? "page" : undefined}
          >
            <Icon name="more" />
            {t("common.more")}
          </a>
        </nav>
      </div>
      <header className="strip">
        <span className="who">{t("common.signedInAs", { name, roles: rolesText })}</span>
        <button type="button" onClick={() => void send("sign-out", {}).then(onSignedOut)}>
          <Icon name="lock" />
          {t("common.signOut")}
        </button>
      </header>
      <main id="content" ref={main} tabIndex={-1}>
        {Page ? (
          <Page key={current} />
        ) : (
          <>
            <h1>{t("common.more")}</h1>
            <nav className="more-list" aria-label={t("common.more")}>
              {allowed.map((page) => link(page, "button"))}
            </nav>
          </>
        )}
        <footer className="page-foot">
          <Settings />
        </footer>
      </main>
    </div>
  );
}
