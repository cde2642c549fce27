/** A person at the console, over HTTP as the page does it: invited by the command line, with an authenticator app of their own. */
import { setTimeout as delay } from "node:timers/promises";
import { TOTP } from "otpauth";
import { operateOn } from "./operate.ts";

export interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const stepMs = 30_000;

interface Init {
  readonly method?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Server {
  readonly url: string;
  readonly databaseUrl: string;
  readonly keysFolder: string;
}

/** The app: gives a new code each time, as somebody does who waits for the next one where none is good yet. */
export class Authenticator {
  readonly #totp: TOTP;
  #last = 0;

  constructor(secret: string) {
    this.#totp = new TOTP({ secret, digits: 6, period: 30 });
  }

  /** Of this step in time or of the next, which the server takes too. */
  async code(): Promise<string> {
    const step = Math.max(this.#last + 1, Math.floor(Date.now() / stepMs));
    this.#last = step;
    await delay(Math.max(0, (step - 1) * stepMs - Date.now()));
    return this.#totp.generate({ timestamp: step * stepMs });
  }
}

export class Person {
  readonly name: string;
  readonly password: string;
  readonly url: string;
  authenticator: Authenticator | undefined;
  #cookie = "";
  #csrf = "";

  constructor(url: string, name: string) {
    this.url = url;
    this.name = name;
    this.password = `a long passphrase of nobody else ${url}`;
  }

  get cookie(): string {
    return this.#cookie;
  }

  get csrf(): string {
    return this.#csrf;
  }

  /** Signs in for the first time, choosing a password. */
  async accept(oneTimePassword: string): Promise<void> {
    const first = await this.post("sign-in", { name: this.name, password: oneTimePassword });
    if (first.status !== 200) throw new Error(`the invitation was refused: ${JSON.stringify(first.body)}`);
    this.authenticator = new Authenticator(String(first.body["typedSecret"]));
    const begun = await this.post("accept-invitation", {
      name: this.name,
      password: oneTimePassword,
      chosen: this.password,
      code: await this.authenticator.code(),
    });
    if (begun.status !== 200)
      throw new Error(`the invitation was not accepted: ${JSON.stringify(begun.body)}`);
    await this.loadToken();
  }

  async signIn(): Promise<Told> {
    const code = (await this.authenticator?.code()) ?? "";
    const told = await this.post("sign-in", { name: this.name, password: this.password, code });
    if (told.status === 200) await this.loadToken();
    return told;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
    return this.#call(path, { headers });
  }

  post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
    return this.#call(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {
        origin: this.url,
        "content-type": "application/json",
        "x-csrf-token": this.#csrf,
        ...headers,
      },
    });
  }

  /** As it is: a file, or rows of one. */
  file(path: string): Promise<Response> {
    return fetch(`${this.url}/console/api/${path}`, { headers: { cookie: this.#cookie } });
  }

  async loadToken(): Promise<void> {
    this.#csrf = String((await this.get("me")).body["csrf"]);
  }

  async #call(path: string, init: Init): Promise<Told> {
    const response = await fetch(`${this.url}/console/api/${path}`, {
      ...init,
      headers: { ...init.headers, ...(this.#cookie !== "" && { cookie: this.#cookie }) },
    });
    for (const cookie of response.headers.getSetCookie()) this.#cookie = cookie.split(";")[0] ?? "";
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? (JSON.parse(text) as Told["body"]) : {} };
  }
}

/** `role`: as the command line takes it. */
export async function invite(server: Server, name: string, role: string): Promise<string> {
  const said = await operateOn(server, "operator", "add", name, "--role", role, "--by", "Test", "--json");
  if (said.code !== 0) throw new Error(said.stderr);
  return (JSON.parse(said.stdout) as { readonly oneTimePassword: string }).oneTimePassword;
}

export async function signedIn(server: Server, name: string, role: string): Promise<Person> {
  const person = new Person(server.url, name);
  await person.accept(await invite(server, name, role));
  return person;
}
