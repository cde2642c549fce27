/**
 * The page for the API's description. Its parts come from the installed package and not from a content network, so
 * that it also opens where there is no internet.
 */
import { Hono } from "hono";
import { pagePolicy } from "../middleware/security-headers.ts";

/** Reads a file of the `swagger-ui-dist` package; undefined for a name that is not one of its files. */
export type ReadAsset = (name: string) => Promise<Uint8Array | undefined>;

const assets: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css",
  "swagger-ui-bundle.js": "text/javascript",
  "favicon-32x32.png": "image/png",
};

export function docsRoutes(readAsset: ReadAsset): Hono {
  const routes = new Hono({ strict: false });
  routes.get("/docs", (c) => c.html(page, 200, { "content-security-policy": pagePolicy }));
  routes.get("/docs/start.js", (c) => c.body(start, 200, { "content-type": "text/javascript" }));
  routes.get("/docs/:asset", async (c) => {
    const type = assets[c.req.param("asset")];
    const asset = type === undefined ? undefined : await readAsset(c.req.param("asset"));
    if (type === undefined || asset === undefined) return c.notFound();
    return c.body(new Uint8Array(asset), 200, {
      "content-type": type,
      "cache-control": "public, max-age=86400",
    });
  });
  return routes;
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Paypost API</title>
    <link rel="icon" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <main id="api"></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", validatorUrl: null });\n`;
