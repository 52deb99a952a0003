/**
 * Proxmox VE's REST API, for what the Pulumi provider has no resource or function for: the guest agent, and lists that are
 * complete. Any address of a cluster answers for all of its nodes.
 */
import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";

/** How to get into one cluster. */
export interface ProxmoxAccess {
  /** Name or address of any node of the cluster, with an optional port. */
  readonly host: string;
  /** With its realm, e.g. `headroom@pve`. */
  readonly username: string;
  readonly tokenName: string;
  /** Secret. */
  readonly tokenValue: string;
  /** False: any certificate is taken. */
  readonly verifySsl: boolean;
}

export type ApiParameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const defaultPort = 8006;
/** The API itself gives up on a guest agent after some seconds. */
const answerMsMax = 30_000;
/** Lists of clusters with ten thousand VMs have some megabytes. */
const answerBytesMax = 64 * 1024 * 1024;
/** Requests at the same time; more wait. */
const parallelMax = 10;
/** Before each time that a request is sent again which can be repeated. */
const repeatPausesMs = [500, 2_000];

/** `https://<host>:<port>`, with the port that Proxmox VE has when none is given. */
export function endpointOf(host: string): string {
  return /:\d+$/.test(host) ? `https://${host}` : `https://${host}:${defaultPort}`;
}

/** As the API and the Pulumi provider take it. Secret. */
export function apiTokenOf({ username, tokenName, tokenValue }: ProxmoxAccess): string {
  return `${username}!${tokenName}=${tokenValue}`;
}

/** The API refused a request, or gave no answer. */
export class ProxmoxError extends Error {
  constructor(
    /** HTTP status; 0 = there was no answer. 595 to 599: another node of the cluster gave none. */
    readonly status: number,
    /** In the API's own words, or the network's. */
    readonly reason: string,
    request: string,
  ) {
    // In the words of the Pulumi provider, so that failures of both are read alike.
    super(
      status === 0
        ? `no answer from Proxmox VE to ${request}: ${reason}`
        : `${request}: received an HTTP ${status} response - Reason: ${reason}`,
    );
    this.name = "ProxmoxError";
  }

  /** Nothing is known of what became of the request; the next one may be answered. */
  get isPassing(): boolean {
    return (this.status === 0 && !this.isUntrusted) || this.status === 502 || this.status === 503 || this.status >= 595;
  }

  get isUntrusted(): boolean {
    return this.status === 0 && /certificate|CERT_|SELF_SIGNED|ERR_TLS/i.test(this.reason);
  }
}

export class ProxmoxApi {
  /** Idle connections do not keep a process alive. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: parallelMax });

  constructor(
    private readonly access: ProxmoxAccess,
    private readonly signal?: AbortSignal,
  ) {}

  /** Asked again when no answer comes: asking changes nothing. */
  async get<Data>(path: string, parameters: ApiParameters = {}): Promise<Data> {
    return this.repeated(() => this.send<Data>("GET", path, parameters));
  }

  /** Sent once. */
  async post<Data>(path: string, parameters: ApiParameters = {}): Promise<Data> {
    return this.send<Data>("POST", path, parameters);
  }

  /** For what may be done twice. */
  async postRepeatable<Data>(path: string, parameters: ApiParameters = {}): Promise<Data> {
    return this.repeated(() => this.send<Data>("POST", path, parameters));
  }

  private async repeated<Data>(send: () => Promise<Data>): Promise<Data> {
    for (const pauseMs of repeatPausesMs) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof ProxmoxError && error.isPassing)) throw error;
        await delay(pauseMs, undefined, this.signal ? { signal: this.signal } : {});
      }
    }
    return send();
  }

  private async send<Data>(method: "GET" | "POST", path: string, parameters: ApiParameters): Promise<Data> {
    const encoded = encodeParameters(parameters);
    const isGet = method === "GET";
    const url = new URL(
      `/api2/json${path}${isGet && encoded !== "" ? `?${encoded}` : ""}`,
      endpointOf(this.access.host),
    );
    const answer = await this.exchange(method, url, isGet ? undefined : encoded);
    const { status, reason, text } = answer;
    const what = `${method} ${path}`;
    if (status === 0) throw new ProxmoxError(0, reason, what);
    const body = parseBody(text);
    if (status >= 200 && status < 300 && body !== undefined) return body["data"] as Data;
    throw new ProxmoxError(status, body === undefined ? `${reason} (no JSON)` : reasonIn(reason, body), what);
  }

  private exchange(
    method: string,
    url: URL,
    body: string | undefined,
  ): Promise<{ readonly status: number; readonly reason: string; readonly text: string }> {
    const headers = {
      authorization: `PVEAPIToken=${apiTokenOf(this.access)}`,
      accept: "application/json",
      ...(body === undefined
        ? {}
        : { "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve) => {
      const fail = (error: Error & { code?: string }): void =>
        resolve({
          status: 0,
          reason: error.code === undefined ? error.message : `${error.message} (${error.code})`,
          text: "",
        });
      const sent = request(
        url,
        {
          method,
          headers,
          agent: this.agent,
          rejectUnauthorized: this.access.verifySsl,
          timeout: answerMsMax,
          ...(this.signal ? { signal: this.signal } : {}),
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > answerBytesMax) response.destroy(new Error(`the answer has more than ${answerBytesMax} bytes`));
            else chunks.push(chunk);
          });
          response.on("error", fail);
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              reason: response.statusMessage ?? "",
              text: Buffer.concat(chunks).toString("utf8"),
            }),
          );
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`timeout after ${answerMsMax / 1000} s`)));
      sent.on("error", fail);
      sent.end(body);
    });
  }
}

/** A list is a name that stands there several times. */
function encodeParameters(parameters: ApiParameters): string {
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value])
      encoded.append(name, String(each));
  }
  return encoded.toString();
}

function parseBody(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const body: unknown = JSON.parse(text === "" ? "{}" : text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Older versions tell why in the status line, newer ones in the body, and what is wrong with a parameter in `errors`. */
function reasonIn(statusMessage: string, body: Readonly<Record<string, unknown>>): string {
  const { errors, message } = body;
  const told = typeof message === "string" ? message.trim() : "";
  const fields = Object.entries((errors ?? {}) as Record<string, unknown>).map(
    ([field, problem]) => `${field}: ${String(problem).trim()}`,
  );
  const reasons = [statusMessage, ...(told === "" || statusMessage.includes(told) ? [] : [told]), ...fields];
  return reasons.filter((reason) => reason !== "").join(" - ");
}
