/**
 * OpenStack's REST APIs, for what the Pulumi plugin has no function for: lists of VMs that are complete, and what an account
 * check asks. One token of Keystone, which lives for an hour or more, serves all questions of one instance.
 */
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { loginOf, type OpenStackAccess } from "./account";
import { endpointOf, identityUrl, regionsOf, settingOf, type CatalogEntry, type Service } from "./endpoints";

const answerMsMax = 60_000;
/** Lists of some thousand VMs have some megabytes. */
const answerBytesMax = 64 * 1024 * 1024;
/** Connections at the same time; more requests wait. */
const parallelMax = 10;
/** Before each time that a request is sent again which can be repeated. */
const repeatPausesMs = [500, 2_000];
/** Of an answer in a sentence for people. */
const shownMax = 600;
/** Pages of one list: clouds answer some hundred entries on each. */
const pagesMax = 2_000;

/** What Keystone says of a token. */
export interface Login {
  readonly project: { readonly id: string; readonly name: string };
  readonly user: { readonly name: string };
  readonly roles: readonly string[];
  readonly catalog: readonly CatalogEntry[];
}

/** A service refused a request, or gave no answer. */
export class OpenStackError extends Error {
  constructor(
    /** HTTP status; 0 = there was no answer. */
    readonly status: number,
    /** The answer, or the network's words. */
    readonly reason: string,
    request: string,
  ) {
    // In the words of the Pulumi plugin, so that failures of both are read alike.
    super(
      status === 0
        ? `no answer from OpenStack to [${request}]: ${reason}`
        : `Expected HTTP response code [200] when accessing [${request}], but got ${status} instead: ${reason}`,
    );
    this.name = "OpenStackError";
  }

  /** Nothing is known of what became of the request; the next one may be answered. */
  get isPassing(): boolean {
    const isUntrusted = /certificate|CERT_|SELF_SIGNED|ERR_TLS|ENOTFOUND/i.test(this.reason);
    return (this.status === 0 && !isUntrusted) || [429, 502, 503, 504].includes(this.status);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export class OpenStackApi {
  private readonly agents: { readonly "http:": HttpAgent; readonly "https:": HttpsAgent };
  private loggedIn: Promise<{ readonly token: string; readonly login: Login }> | undefined;

  constructor(private readonly access: OpenStackAccess) {
    const pool = { keepAlive: true, maxSockets: parallelMax };
    const { caCertificate, insecure } = access;
    const trust = { rejectUnauthorized: !insecure, ...(caCertificate === undefined ? {} : { ca: caCertificate }) };
    this.agents = { "http:": new HttpAgent(pool), "https:": new HttpsAgent({ ...pool, ...trust }) };
  }

  async login(): Promise<Login> {
    return (await this.session()).login;
  }

  /** @param path Relative to the service with its version, e.g. `servers/detail`. */
  async get<Data>(service: Service, path: string): Promise<Data> {
    const { token } = await this.session();
    const url = new URL(path, await this.addressOf(service));
    return (await this.repeated(() => this.exchange("GET", url, this.headersFor(service, token)))).body as Data;
  }

  /**
   * All entries of a list that is answered in pages.
   *
   * @param key Of the list in an answer, e.g. `servers`; the link to the next page is in `<key>_links`, or in Glance's `next`.
   */
  async list<Entry extends { readonly id: string }>(service: Service, path: string, key: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    let next: string | undefined = path;
    for (let page = 0; next !== undefined; page++) {
      if (page === pagesMax) throw new Error(`the list of ${key} has more than ${pagesMax} pages`);
      const answer: Readonly<Record<string, unknown>> = await this.get(service, next);
      const found = answer[key];
      if (!Array.isArray(found)) throw new Error(`the answer to ${path} has no list of ${key}`);
      entries.push(...(found as Entry[]));
      const last = (found as Entry[]).at(-1);
      // The link itself may name an address that leads nowhere from here.
      next = hasNext(answer, key) && last !== undefined ? withMarker(path, last.id) : undefined;
    }
    return entries;
  }

  /** @throws Error when neither the settings nor the catalog say where the service is. */
  async addressOf(service: Service): Promise<string> {
    const { region, endpointType } = this.access;
    const { catalog } = await this.login();
    const found = endpointOf(service, this.access, catalog, { region, endpointType });
    if (found !== undefined) return found;
    const where = region === undefined ? "the catalog" : `region "${region}" of the catalog`;
    throw new Error(
      `No suitable endpoint could be found in the service catalog: ${where} has no ${endpointType} address of service ${service}; ` +
        `it has the regions ${regionsOf(catalog).join(", ") || "none"}, and ${settingOf(service)} may say the address`,
    );
  }

  private session(): Promise<{ readonly token: string; readonly login: Login }> {
    return (this.loggedIn ??= this.repeated(() => this.logIn()));
  }

  private async logIn(): Promise<{ readonly token: string; readonly login: Login }> {
    const url = new URL(`${identityUrl(this.access.authUrl)}/auth/tokens`);
    const { headers, body } = await this.exchange("POST", url, {}, { auth: loginOf(this.access) });
    const token = headers["x-subject-token"];
    const told = body["token"] as (Partial<Omit<Login, "roles">> & { readonly roles?: { name: string }[] }) | undefined;
    if (typeof token !== "string" || told?.project === undefined) {
      throw new Error("Keystone gave a token of no project; name projectName, or use an application credential");
    }
    const { project, user = { name: "" }, roles = [], catalog = [] } = told;
    return { token, login: { project, user, roles: roles.map(({ name }) => name), catalog } };
  }

  private headersFor(service: Service, token: string): Record<string, string> {
    const { novaVersion, cinderVersion } = this.access;
    const headers: Record<string, string> = { "x-auth-token": token };
    if (service === "compute") {
      headers["openstack-api-version"] = `compute ${novaVersion}`;
      // Clouds of older versions know only this name.
      headers["x-openstack-nova-api-version"] = novaVersion;
    }
    if (service === "volume" && cinderVersion.includes("."))
      headers["openstack-api-version"] = `volume ${cinderVersion}`;
    return headers;
  }

  private async repeated<Result>(send: () => Promise<Result>): Promise<Result> {
    for (const pauseMs of repeatPausesMs) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof OpenStackError && error.isPassing)) throw error;
        await delay(pauseMs);
      }
    }
    return send();
  }

  private async exchange(
    method: "GET" | "POST",
    url: URL,
    extra: Readonly<Record<string, string>>,
    body?: object,
  ): Promise<Answer> {
    const what = `${method} ${url.href}`;
    const { protocol } = url;
    if (protocol !== "http:" && protocol !== "https:") throw new Error(`unsupported protocol scheme in ${url.href}`);
    if (protocol === "http:" && !this.access.insecure) {
      throw new Error(`the catalog names ${url.origin}, over which a token would be readable: set insecure to use it`);
    }
    const text = body === undefined ? undefined : JSON.stringify(body);
    const content =
      text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const headers = { accept: "application/json", ...extra, ...content };
    const options = { method, headers, agent: this.agents[protocol], timeout: answerMsMax };
    const answer = await send(url, options, text);
    if (typeof answer === "string") throw new OpenStackError(0, answer, what);
    const parsed = parseBody(answer.text);
    if (answer.status >= 200 && answer.status < 300 && parsed !== undefined) {
      return { status: answer.status, headers: answer.headers, body: parsed };
    }
    const said = answer.text.replace(/\s+/g, " ").trim();
    throw new OpenStackError(answer.status, said.length > shownMax ? `${said.slice(0, shownMax)}...` : said, what);
  }
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Answer["headers"];
  readonly text: string;
}

/** The answer, or why there is none, in the network's words. */
function send(url: URL, options: RequestOptions, body: string | undefined): Promise<RawAnswer | string> {
  return new Promise((resolve) => {
    const fail = (error: Error & { code?: string }): void =>
      resolve(error.code === undefined ? error.message : `${error.message} (${error.code})`);
    const request = url.protocol === "https:" ? httpsRequest : httpRequest;
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) response.destroy(new Error(`the answer has more than ${answerBytesMax} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`timeout after ${answerMsMax / 1000} s`)));
    sent.on("error", fail);
    sent.end(body);
  });
}

function parseBody(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const body: unknown = JSON.parse(text === "" ? "{}" : text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function hasNext(answer: Readonly<Record<string, unknown>>, key: string): boolean {
  const links = answer[`${key}_links`];
  const isLinked = Array.isArray(links) && links.some((link) => (link as { rel?: string }).rel === "next");
  return isLinked || typeof answer["next"] === "string";
}

function withMarker(path: string, marker: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}marker=${encodeURIComponent(marker)}`;
}
