/** The operators' console under `/console`: its page, signing in, and what the page asks for. */
import { Hono } from "hono";
import type { ReadAsset } from "../routes/docs.ts";
import { consoleApi } from "./api.ts";
import type { ConsoleApiDependencies } from "./api.ts";
import { consoleHeaders } from "./policy.ts";
import { signInRoutes } from "./sign-in-routes.ts";
import type { SignInRouteDependencies } from "./sign-in-routes.ts";
import type { CallerVariables } from "../middleware/caller.ts";

export interface ConsoleDependencies extends ConsoleApiDependencies, SignInRouteDependencies {
  /** Reads a file of the page as it was built; undefined for what is not there. */
  readonly readConsolePage: ReadAsset;
}

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

const notBuilt = `<!doctype html><html lang="en"><title>Paypost console</title>
<p>The page of the console was not built. Run <code>npm run console:page</code> once; <code>npm run server</code> does it by itself.</p></html>`;

export function consoleRoutes(deps: ConsoleDependencies): Hono<CallerVariables> {
  const routes = new Hono<CallerVariables>({ strict: false });
  routes.use("*", async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(consoleHeaders)) c.header(name, value);
  });
  routes.route("/api", signInRoutes(deps));
  routes.route("/api", consoleApi(deps));
  routes.get("/", async (c) => {
    // What the page loads lies beside it.
    if (!new URL(c.req.url).pathname.endsWith("/")) return c.redirect("/console/");
    const page = await deps.readConsolePage("index.html");
    return page ? c.html(new TextDecoder().decode(page)) : c.html(notBuilt, 503);
  });
  routes.get("/:file{icon\\.svg|assets/[A-Za-z0-9_.-]+}", async (c) => {
    const name = c.req.param("file");
    const type = types[name.split(".").at(-1) ?? ""];
    const bytes = type === undefined ? undefined : await deps.readConsolePage(name);
    if (type === undefined || bytes === undefined) return c.notFound();
    // The names of assets hold a hash of what is in them.
    const keep = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    return c.body(new Uint8Array(bytes), 200, { "content-type": type, "cache-control": keep });
  });
  return routes;
}
