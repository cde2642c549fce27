import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { settleUserData, tillFolder } from "./data-folder.ts";
import { asLink, linkInFile, openingIn } from "./openings.ts";

const folder = mkdtempSync(join(tmpdir(), "paypost-opening-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));
const link = "paypost://enrol?server=https%3A%2F%2Fpayments.example&code=ABCD-EFGH";

test("a link on the command line is the opening, wherever it stands", () => {
  expect(openingIn(["--no-zygote", "--", link], folder)).toBe(link);
});

test("an enrolment file is read, by a path relative to where the second start happened", () => {
  file("till.ppe", `${link}\n`);
  expect(openingIn(["till.ppe"], folder)).toBe(link);
  expect(openingIn([join(folder, "till.ppe")], "/")).toBe(link);
});

test.each([[[]], [["--data", "/tmp/x"]], [["https://example.org/"]], [["notes.txt"]], [["missing.ppe"]]])(
  "%j opens nothing",
  (args) => expect(openingIn(args, folder)).toBeUndefined(),
);

test.each([
  undefined,
  null,
  7,
  {},
  "",
  "https://example.org",
  "xpaypost:1",
  "paypost:receipt/7",
  `${link}${"x".repeat(2001)}`,
])("%j, handed over by another process, is no link", (text) => expect(asLink(text)).toBeUndefined());

test("a link with a mistake in it goes on, so that the page can say what is wrong", () => {
  expect(asLink("paypost://enrol?server=ftp%3A%2F%2Fx&code=ABCD")).toBe(
    "paypost://enrol?server=ftp%3A%2F%2Fx&code=ABCD",
  );
});

test("a file that holds anything else, or much more, is no enrolment", () => {
  expect(linkInFile(file("other.ppe", "%PDF-1.7"))).toBeUndefined();
  expect(linkInFile(file("long.ppe", link + "x".repeat(5000)))).toBeUndefined();
  expect(linkInFile(folder)).toBeUndefined();
});

test("what a till keeps is this machine's: on Windows not in the profile that travels", () => {
  const set: string[] = [];
  const app = {
    setPath: (_name: string, path: string) => void set.push(path),
    getPath: () => set.at(-1) ?? "/usual",
  };
  settleUserData(app, {}, []);
  expect(tillFolder(app, [])).toBe(join("/usual", "till"));
  settleUserData(app, { LOCALAPPDATA: "/local" }, []);
  expect(tillFolder(app, [])).toBe(join("/local", "Paypost", "till"));
});

test("--data names another folder, for the till and for the lock against a second start", () => {
  const set: string[] = [];
  const args = ["--disable-gpu", "--data", folder, link];
  settleUserData({ setPath: (_name, path) => void set.push(path) }, { LOCALAPPDATA: "/local" }, args);
  expect(set).toEqual([join(folder, "shell")]);
  expect(tillFolder({ getPath: () => "/usual" }, args)).toBe(folder);
});
