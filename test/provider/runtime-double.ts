/** The definitions part of the runtime's API, small and in memory: for what a test must control, such as draining. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { shownDigestOf } from "../../runtime/api/digest";
import { type DefinitionKind, findProblems, secretFields } from "../../runtime/model/config";
import type { Problem } from "../../runtime/model/errors";
import { referencesOf } from "../../runtime/model/definition-edges";
import { cloudCatalog } from "../../provider/registry";

type Doc = Record<string, unknown>;

interface Stored {
  readonly kind: DefinitionKind;
  readonly name: string;
  doc: Doc;
  readonly owner: string;
}

interface Sent {
  readonly kind: DefinitionKind;
  readonly doc: Doc;
  readonly owner: string;
  readonly pending?: readonly Sent[];
}

/** Of all doubles: what they show of documents can be compared, and not be made by others. */
const digestSecret = Buffer.alloc(32, 5);

function digestOf(doc: Doc): string {
  return shownDigestOf(doc, digestSecret);
}

export class RuntimeDouble {
  readonly stored = new Map<string, Stored>();
  /** Every request as `METHOD path`, in order. */
  readonly requests: string[] = [];
  /** Answers 202 to so many deletes of an autoscale config before it is gone. */
  drainsLeft = 0;
  readonly apiKey = "hk-test-double-key";
  private constructor(private readonly server: Server) {}

  static async start(): Promise<RuntimeDouble> {
    const server = createServer();
    const double = new RuntimeDouble(server);
    server.on("request", (request, response) => void double.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return double;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.endpoint);
    const body = (await readJson(request)) as Sent & { doc: Doc };
    this.requests.push(`${request.method} ${url.pathname}`);
    const [status, answer] =
      request.headers.authorization === `Bearer ${this.apiKey}`
        ? this.handle(request.method ?? "", url, body)
        : [401, { code: "unauthorized", message: "no such API key" }];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  }

  private handle(method: string, url: URL, body: Sent): [number, unknown?] {
    const [kind, name = ""] = url.pathname.split("/").slice(4) as [DefinitionKind | "check", string?];
    if (kind === "check") return [200, { problems: this.problemsOf(body), warnings: [] }];
    const key = `${kind}/${name}`;
    const before = this.stored.get(key);
    switch (method) {
      case "GET":
        if (!before) return [404, { code: "notFound", message: `there is no ${key}` }];
        return [
          200,
          { definition: { ...before, doc: redact(before.doc), digest: digestOf(before.doc), updatedAtMs: 0 } },
        ];
      case "PUT": {
        const sent = { kind, doc: body.doc, owner: body.owner };
        const problems = this.problemsOf(sent);
        if (before && before.owner !== body.owner) {
          return [409, { code: "conflict", message: `${key} belongs to ${before.owner}` }];
        }
        if (problems.length > 0) return [400, { code: "config", message: "bad definition", problems }];
        this.stored.set(key, { ...sent, name });
        return [
          200,
          { definition: { ...sent, name, doc: redact(body.doc), digest: digestOf(body.doc), updatedAtMs: 0 } },
        ];
      }
      default:
        return this.remove(key, before, url.searchParams.get("owner"));
    }
  }

  private remove(key: string, before: Stored | undefined, owner: string | null): [number, unknown?] {
    if (!before) return [404, { code: "notFound", message: `there is no ${key}` }];
    if (before.owner !== owner) return [409, { code: "conflict", message: `${key} belongs to ${before.owner}` }];
    const users = [...this.stored.values()].filter(({ kind, doc }) =>
      referencesOf(kind, doc).some((reference) => `${reference.kind}/${reference.name}` === key),
    );
    if (users.length > 0) {
      const names = users.map((user) => `${user.kind} "${user.name}"`).join(", ");
      return [409, { code: "conflict", message: `still referenced by ${names}` }];
    }
    if (before.kind === "autoscaleConfig" && this.drainsLeft > 0) {
      this.drainsLeft -= 1;
      return [202, { status: "draining", nodesLeft: this.drainsLeft + 1, sessionsLeft: 1 }];
    }
    this.stored.delete(key);
    return [204];
  }

  private problemsOf({ kind, doc, owner, pending = [] }: Sent): Problem[] {
    const problems = findProblems(kind, doc, cloudCatalog());
    const exists = (key: string) =>
      this.stored.has(key) || pending.some((other) => `${other.kind}/${String(other.doc["name"])}` === key);
    for (const reference of referencesOf(kind, doc)) {
      if (!exists(`${reference.kind}/${reference.name}`)) {
        const field = Object.keys(doc).find((key) => key !== "name" && doc[key] === reference.name) ?? "pools[0]";
        problems.push({ path: field, message: `there is no ${reference.kind} "${reference.name}"` });
      }
    }
    const before = this.stored.get(`${kind}/${String(doc["name"])}`);
    if (before && before.owner !== owner) problems.push({ path: "name", message: `belongs to ${before.owner}` });
    return problems;
  }
}

function redact(doc: Doc): Doc {
  const hide = (from: Doc, fields: readonly string[]) =>
    Object.fromEntries(Object.entries(from).map(([key, value]) => [key, fields.includes(key) ? "[secret]" : value]));
  const settings = doc["settings"] as Doc | undefined;
  const shown = hide(doc, secretFields.autoscaleConfig ?? []);
  return settings ? { ...shown, settings: hide(settings, ["secretAccessKey"]) } : shown;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : JSON.parse(text);
}
