/**
 * Kubernetes' REST API, for what the Pulumi provider has no function for: lists, what became of a VM, what a template names.
 * Nothing is changed through it.
 */
import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { isRecord } from "../../frame/inputs";
import type { Cluster } from "./access";

const answerMsMax = 30_000;
/** Lists of clusters with ten thousand VMs have some tens of megabytes; they come in pages. */
const answerBytesMax = 64 * 1024 * 1024;
const pageSize = 500;
/** Requests at the same time; more wait. */
const parallelMax = 10;
/** Before each time that a request is sent again which was not answered. */
const repeatPausesMs = [250, 1_000];

/** The API refused a request, or gave no answer. */
export class KubernetesError extends Error {
  constructor(
    /** HTTP status; 0 = there was no answer. */
    readonly status: number,
    /** In the API's own words, or the network's. */
    readonly reason: string,
    request: string,
  ) {
    super(
      status === 0
        ? `no answer from Kubernetes to ${request}: ${reason}`
        : `${request}: Kubernetes answered HTTP ${status}: ${reason}`,
    );
    this.name = "KubernetesError";
  }

  /** Nothing is known of what became of the request; the next one may be answered. */
  get isPassing(): boolean {
    return (this.status === 0 && !this.isUntrusted) || this.status === 429 || this.status >= 500;
  }

  get isUntrusted(): boolean {
    return this.status === 0 && /certificate|CERT_|SELF_SIGNED|ERR_TLS/i.test(this.reason);
  }
}

export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

type Query = Readonly<Record<string, string | number>>;

export class KubernetesApi {
  /** Idle connections do not keep a process alive. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: parallelMax });

  constructor(
    private readonly cluster: Cluster,
    private readonly signal?: AbortSignal,
  ) {}

  /** Asked again when no answer comes: asking changes nothing. */
  async get<Data>(path: string, query: Query = {}): Promise<Data> {
    return this.repeated(() => this.send<Data>("GET", path, query));
  }

  /** Undefined = there is no such object. */
  async find<Data>(path: string): Promise<Data | undefined> {
    try {
      return await this.get<Data>(path);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Every object of a list, page by page. */
  async list<Item>(path: string, query: Query = {}): Promise<Item[]> {
    const items: Item[] = [];
    for (let token = ""; ;) {
      const page = await this.get<{ readonly items: Item[]; readonly metadata?: { readonly continue?: string } }>(
        path,
        {
          ...query,
          limit: pageSize,
          ...(token !== "" && { continue: token }),
        },
      );
      items.push(...page.items);
      token = page.metadata?.continue ?? "";
      if (token === "") return items;
    }
  }

  /** For questions that are asked with a body. */
  async ask<Data>(path: string, body: object): Promise<Data> {
    return this.repeated(() => this.send<Data>("POST", path, {}, JSON.stringify(body)));
  }

  private async repeated<Data>(send: () => Promise<Data>): Promise<Data> {
    for (const pauseMs of repeatPausesMs) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof KubernetesError && error.isPassing)) throw error;
        await delay(pauseMs, undefined, this.signal ? { signal: this.signal } : {});
      }
    }
    return send();
  }

  private async send<Data>(method: "GET" | "POST", path: string, query: Query, body?: string): Promise<Data> {
    const parameters = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const url = new URL(`${this.cluster.server}${path}${parameters.size === 0 ? "" : `?${parameters}`}`);
    const { status, reason, text } = await this.exchange(method, url, body);
    const what = `${method} ${path}`;
    if (status === 0) throw new KubernetesError(0, reason, what);
    const answer = parseBody(text);
    if (status >= 200 && status < 300 && answer !== undefined) return answer as Data;
    throw new KubernetesError(status, reasonIn(answer, reason), what);
  }

  private exchange(
    method: string,
    url: URL,
    body: string | undefined,
  ): Promise<{ readonly status: number; readonly reason: string; readonly text: string }> {
    const { authority, serverName, token, client } = this.cluster;
    const headers = {
      accept: "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve) => {
      const fail = (error: Error & { code?: string }): void => {
        const code = error.code === undefined ? "" : ` (${error.code})`;
        resolve({ status: 0, reason: `${error.message}${code}`, text: "" });
      };
      const options = {
        method,
        headers,
        agent: this.agent,
        timeout: answerMsMax,
        ...(authority !== undefined && { ca: authority }),
        ...(serverName !== undefined && { servername: serverName }),
        ...(client && { cert: client.certificate, key: client.key }),
        ...(this.signal && { signal: this.signal }),
      };
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
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? "", text });
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`timeout after ${answerMsMax / 1000} s`)));
      sent.on("error", fail);
      sent.end(body);
    });
  }
}

function parseBody(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Kubernetes answers refusals with an object of kind Status. */
function reasonIn(body: unknown, statusMessage: string): string {
  if (!isRecord(body)) return `${statusMessage} (no JSON)`;
  const { message, reason } = body;
  return typeof message === "string" ? message : typeof reason === "string" ? reason : statusMessage;
}
