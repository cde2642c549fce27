/**
 * The browser shell over a till, as `desktop/web/main.ts` puts it together, killed at a given request: `DATA FILE`, where
 * FILE, once it is there, holds `NAME WHEN`. WHEN is `asked`, as the request goes to the till's thread, or `answered`, when
 * the till has done it and the page does not know yet. Prints the address that opens the page.
 */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { connectTill } from "../../desktop/connect.ts";
import type { ConnectedTill } from "../../desktop/connect.ts";
import { createWebShell } from "../../desktop/web/app.ts";

const [directory = "", order = ""] = process.argv.slice(2);
const page = mkdtempSync(join(tmpdir(), "paypost-page-"));
writeFileSync(join(page, "index.html"), "<!doctype html>");

const till = await connectTill({ directory, version: "0.0.0" });
const killed: ConnectedTill = {
  ...till,
  async ask(name, payload) {
    const [killAt, when] = existsSync(order) ? readFileSync(order, "utf8").split(" ") : [];
    const answer = till.ask(name, payload);
    if (name === killAt && when === "asked") process.kill(process.pid, "SIGKILL");
    await answer;
    if (name === killAt && when === "answered") process.kill(process.pid, "SIGKILL");
    return answer;
  },
};
let origin = "";
const shell = createWebShell({ till: killed, page, origin: () => origin });
serve({ fetch: shell.app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }: AddressInfo) => {
  origin = `http://127.0.0.1:${port}`;
  console.log(`open ${shell.invite()}`);
});
