/** The REST interface of Prism Central, version 3, for what the Pulumi provider has no resource or function for: complete lists. */
import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { isRecord } from "../../frame/inputs";
import type { PrismAccess } from "./settings";

const answerMsMax = 60_000;
/** A page of 500 VMs has some megabytes. */
const answerBytesMax = 64 * 1024 * 1024;
const parallelMax = 10;
/** As many as Prism Central answers at once. */
const pageMax = 500;
/** How often a list is begun again that changed while it was read. */
const listTriesMax = 5;
/** Before each time that a question is asked again that got no answer. */
const repeatPausesMs = [500, 2_000];

export type Kind = "vm" | "image" | "subnet" | "cluster" | "project";

/** As lists and single answers have it; what it is depends on the kind. */
export interface Entity {
  readonly metadata: { readonly uuid: string; readonly [field: string]: unknown };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status: { readonly name?: string; readonly state?: string; readonly [field: string]: unknown };
}

/** Prism Central refused a request, or gave no answer. */
export class PrismError extends Error {
  constructor(
    /** HTTP status; 0 = there was no answer. */
    readonly status: number,
    /** Its own code, such as `ENTITY_NOT_FOUND`; empty = it gave none. */
    readonly code: string,
    reason: string,
    asked: string,
  ) {
    super(
      status === 0
        ? `no answer from Prism Central to ${asked}: ${reason}`
        : `Prism Central refused ${asked}: HTTP ${status}${code === "" ? "" : ` ${code}`}: ${reason}`,
    );
    this.name = "PrismError";
  }

  /** Nothing is known of what became of the request; the next one may be answered. */
  get isPassing(): boolean {
    const isUntrusted = this.status === 0 && /certificate|CERT_|SELF_SIGNED|ERR_TLS/i.test(this.message);
    return (this.status === 0 && !isUntrusted) || this.status === 429 || this.status >= 500;
  }
}

interface Page {
  readonly entities: readonly Entity[];
  readonly metadata: { readonly total_matches: number };
}

export class PrismApi {
  /** Idle connections do not keep a process alive. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: parallelMax });

  constructor(
    private readonly access: PrismAccess,
    private readonly signal?: AbortSignal,
  ) {}

  /**
   * All of one kind.
   *
   * @throws Error when they keep changing while they are read: a page would lack what has moved to one before it.
   */
  async all(kind: Kind): Promise<Entity[]> {
    for (let tries = 1; tries <= listTriesMax; tries += 1) {
      const found = await this.pages(kind);
      if (found !== undefined) return found;
    }
    throw new Error(
      `Prism Central's list of ${kind}s changed ${listTriesMax} times while it was read; ask again later`,
    );
  }

  /** Page by page in the order of their ids; undefined = some came or went meanwhile. */
  private async pages(kind: Kind): Promise<Entity[] | undefined> {
    const found: Entity[] = [];
    for (;;) {
      // Each page begins with the last one of the page before it: so nothing in front of that has come or gone.
      const last = found.pop();
      const question = { kind, offset: found.length, length: pageMax };
      const sorted = { ...question, sort_attribute: "_entity_id_", sort_order: "ASCENDING" };
      const { entities, metadata } = await this.ask<Page>("POST", `/${kind}s/list`, sorted);
      if (last !== undefined && entities[0]?.metadata.uuid !== last.metadata.uuid) return undefined;
      found.push(...entities);
      if (found.length >= metadata.total_matches) return found;
      if (entities.length < 2) return undefined;
    }
  }

  /** Undefined = there is none. */
  async one(kind: Kind, uuid: string): Promise<Entity | undefined> {
    try {
      return await this.ask<Entity>("GET", `/${kind}s/${uuid}`);
    } catch (error) {
      if (error instanceof PrismError && (error.status === 404 || error.code === "ENTITY_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** Who asks. */
  async me(): Promise<{ readonly name: string }> {
    const { status } = await this.ask<Entity>("GET", "/users/me");
    return { name: status.name ?? this.access.username };
  }

  /** Asked again when no answer comes: asking changes nothing. */
  private async ask<Answer>(method: "GET" | "POST", path: string, body?: object): Promise<Answer> {
    for (const pauseMs of repeatPausesMs) {
      try {
        return await this.send<Answer>(method, path, body);
      } catch (error) {
        if (!(error instanceof PrismError && error.isPassing)) throw error;
        await delay(pauseMs, undefined, this.signal ? { signal: this.signal } : {});
      }
    }
    return this.send<Answer>(method, path, body);
  }

  private async send<Answer>(method: string, path: string, body: object | undefined): Promise<Answer> {
    const asked = `${method} ${path}`;
    const { status, reason, text } = await this.exchange(method, path, body && JSON.stringify(body));
    if (status === 0) throw new PrismError(0, "", reason, asked);
    const answer = parsed(text);
    if (status >= 200 && status < 300 && answer !== undefined) return answer as Answer;
    const { code, message } = refusalIn(answer);
    throw new PrismError(status, code, message ?? (answer === undefined ? `${reason} (no JSON)` : reason), asked);
  }

  private exchange(
    method: string,
    path: string,
    body: string | undefined,
  ): Promise<{ readonly status: number; readonly reason: string; readonly text: string }> {
    const { host, port, username, password, verifySsl } = this.access;
    const headers = {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      accept: "application/json",
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    };
    const options = { method, headers, agent: this.agent, rejectUnauthorized: verifySsl, timeout: answerMsMax };
    return new Promise((resolve) => {
      const fail = (error: Error & { code?: string }): void => {
        const code = error.code === undefined ? "" : ` (${error.code})`;
        resolve({ status: 0, reason: `${error.message}${code}`, text: "" });
      };
      const url = `https://${host}:${port}/api/nutanix/v3${path}`;
      const sent = request(url, { ...options, ...(this.signal ? { signal: this.signal } : {}) }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax) response.destroy(new Error(`the answer has more than ${answerBytesMax} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => {
          const { statusCode = 0, statusMessage = "" } = response;
          resolve({ status: statusCode, reason: statusMessage, text: Buffer.concat(chunks).toString("utf8") });
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`timeout after ${answerMsMax / 1000} s`)));
      sent.on("error", fail);
      sent.end(body);
    });
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return isRecord(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** A refusal has its reasons in a list, in itself or in the status of what was asked for. */
function refusalIn(answer: Readonly<Record<string, unknown>> | undefined): { code: string; message?: string } {
  const status = answer?.["status"];
  const list = answer?.["message_list"] ?? (isRecord(status) ? status["message_list"] : undefined);
  const messages = (Array.isArray(list) ? list : []).filter(isRecord);
  const texts = messages.map(({ message }) => String(message)).filter((text) => text !== "");
  const code = String(messages.find(({ reason }) => reason !== undefined)?.["reason"] ?? "");
  return { code, ...(texts.length > 0 && { message: texts.join("; ") }) };
}
