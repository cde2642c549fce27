/**
 * Builds what Electron runs, laid out as the source is: `desktop/dist/app` holds the main program and the preload (one
 * file each), the till's thread, the page, the icons and the migrations. All packages are bundled; of SQLite's, the native
 * library lies beside the thread, where its loader looks for it.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = resolve(import.meta.dirname, "..", "..");
export const appFolder = join(root, "desktop", "dist", "app");

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** Node's side. The sandbox takes a preload only as CommonJS; a thread out of an archive is safest as that, too. */
const programs = [
  { entry: "main/main.ts", file: "main.js", format: "es" },
  { entry: "preload/preload.ts", file: "preload.cjs", format: "cjs" },
  { entry: "worker/thread.ts", file: "worker/thread.cjs", format: "cjs" },
] as const;

export async function buildApp(folder = appFolder): Promise<void> {
  const desktop = join(folder, "desktop");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(desktop, { recursive: true });
  await asProduction(async () => {
    await buildPage(desktop);
    for (const program of programs) await buildProgram(desktop, program);
  });
  cpSync(join(root, "desktop", "icons"), join(desktop, "icons"), {
    recursive: true,
    filter: (path) => extname(path) === ".png" || basename(path) === "icons",
  });
  const libraries = join(
    dirname(fileURLToPath(import.meta.resolve("better-sqlite3/package.json"))),
    "prebuilds",
  );
  cpSync(libraries, join(desktop, "prebuilds"), { recursive: true });
  cpSync(join(root, "migrations", "node"), join(folder, "migrations", "node"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(appManifest(), null, 2));
}

async function buildPage(desktop: string): Promise<void> {
  await build({
    configFile: join(root, "desktop", "vite.config.ts"),
    logLevel: "warn",
    build: { outDir: join(desktop, "page"), license: { fileName: "licenses.md" } },
  });
}

async function buildProgram(
  desktop: string,
  { entry, file, format }: (typeof programs)[number],
): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: "warn",
    ssr: { noExternal: true, external: ["electron"] },
    build: {
      ssr: join(root, "desktop", entry),
      outDir: desktop,
      emptyOutDir: false,
      target: "node24",
      minify: false,
      license: { fileName: `licenses/${file}.md` },
      rolldownOptions: {
        external: ["electron"],
        output: { format, entryFileNames: file, codeSplitting: false },
      },
    },
  });
}

/** What packages do in production is up to the environment, and a test's or a developer's is another. */
async function asProduction(work: () => Promise<void>): Promise<void> {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
}

/** What Electron and electron-builder read. */
function appManifest() {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const { version, description, license } = manifest;
  return {
    name: "paypost",
    productName: "Paypost",
    version,
    description,
    license,
    author: { name: "The Paypost maintainers", email: "maintainers@paypost.invalid" },
    homepage: "https://paypost.invalid",
    type: "module",
    main: "desktop/main.js",
  };
}

if (import.meta.main) await buildApp();
