import { expect, test } from "vitest";
import { enrolmentLink, parseEnrolmentLink } from "./enrolment-link.ts";

const code = "AB12-CD34-EF56-GH78";

test("a link says again what it was made of, whichever server it names", () => {
  for (const serverUrl of [
    "https://pay.example.org",
    "https://pay.example.org:8443/paypost",
    "http://127.0.0.1:3000",
  ]) {
    expect(parseEnrolmentLink(enrolmentLink(serverUrl, code))).toEqual({ ok: true, serverUrl, code });
  }
});

test("a file with a link in it reads as the link does", () => {
  const text = `\uFEFF${enrolmentLink("https://pay.example.org", code)}\r\n`;
  expect(parseEnrolmentLink(text)).toEqual({ ok: true, serverUrl: "https://pay.example.org", code });
});

test("an operating system may write the link with another slash, and the fields in another order", () => {
  const text = `paypost://enrol/?code=${code}&server=https%3A%2F%2Fpay.example.org%2F`;
  expect(parseEnrolmentLink(text)).toEqual({ ok: true, serverUrl: "https://pay.example.org", code });
});

test.each([
  ["not-an-enrolment", ""],
  ["not-an-enrolment", code],
  ["not-an-enrolment", `https://enrol?server=https://a.example&code=${code}`],
  ["not-an-enrolment", `paypost://open?server=https://a.example&code=${code}`],
  ["not-an-enrolment", enrolmentLink(`https://a.example/${"a".repeat(1000)}`, code)],
  ["bad-server", `paypost://enrol?code=${code}`],
  ["bad-server", enrolmentLink("http://pay.example.org", code)],
  ["bad-server", enrolmentLink("https://user:secret@pay.example.org", code)],
  ["bad-server", `paypost://enrol?server=%E0%A4%A&code=${code}`],
  ["bad-server", enrolmentLink("javascript:alert(1)", code)],
  ["bad-code", "paypost://enrol?server=https://pay.example.org"],
  ["bad-code", enrolmentLink("https://pay.example.org", "A B")],
  ["bad-code", enrolmentLink("https://pay.example.org", "<b>code</b>")],
])("%s: %s", (refusal, text) => {
  expect(parseEnrolmentLink(text)).toEqual({ ok: false, refusal });
});
