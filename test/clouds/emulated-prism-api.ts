/** The REST interface of Prism Central over HTTPS, as far as nodes need it, in front of emulated ones. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Kind } from "../../provider/clouds/nutanix/api";
import { newSelfSigned } from "../support/self-signed";
import type { EmulatedPrism } from "./emulated-prism";
import { PrismRefusal, type EmulatedPrismUsers } from "./emulated-prism-users";

const kinds: readonly string[] = ["vm", "image", "subnet", "cluster", "project"] satisfies Kind[];
/** As the real one. */
const pageMax = 500;

interface Question {
  readonly kind?: string;
  readonly offset?: number;
  readonly length?: number;
}

export class EmulatedPrismApi {
  /** Method and path of each request. */
  readonly requests: string[] = [];
  readonly certificate = newSelfSigned();
  /** What a request is refused with in the place of an answer. */
  refuses: (request: string) => PrismRefusal | undefined = () => undefined;
  private readonly server: Server;

  constructor(
    private readonly users: EmulatedPrismUsers,
    private readonly prismOf: (owner: string) => EmulatedPrism,
  ) {
    this.server = createServer(this.certificate, (request, response) => void this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").replace(/^\/api\/nutanix\/v3/, "");
    const what = `${request.method} ${path}`;
    this.requests.push(what);
    try {
      const body = await bodyOf(request);
      const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, "base64").toString("utf8")) ?? [];
      const { key, owner } = this.users.identify(user, password);
      const refusal = this.refuses(what);
      if (refusal) throw refusal;
      answer(response, 200, this.answerOf(what, body, { key, owner }));
    } catch (error) {
      if (!(error instanceof PrismRefusal)) return answer(response, 500, { state: "ERROR", code: 500 });
      answer(response, error.status, error.body);
    }
  }

  private answerOf(what: string, body: string, { key, owner }: { key: string; owner: string }): object {
    if (what === "GET /users/me") {
      return {
        metadata: { kind: "user", uuid: `user-of-${key}` },
        status: { name: `headroom-${key}`, state: "COMPLETE" },
      };
    }
    const [, list] = /^POST \/(\w+)s\/list$/.exec(what) ?? [];
    if (list !== undefined && kinds.includes(list)) return this.list(list as Kind, body, key, owner);
    const [, kind, uuid] = /^GET \/(\w+)s\/([0-9a-f-]+)$/.exec(what) ?? [];
    if (kind === undefined || !kinds.includes(kind)) throw new PrismRefusal(404, "", `no such path: ${what}`);
    this.users.require(key, viewing(kind));
    const found = this.prismOf(owner)
      .entities(kind as Kind)
      .find(({ metadata }) => metadata.uuid === uuid);
    if (found === undefined) throw new PrismRefusal(404, "ENTITY_NOT_FOUND", `The ${kind} ${uuid} is not found.`);
    return found;
  }

  private list(kind: Kind, body: string, key: string, owner: string): object {
    this.users.require(key, viewing(kind));
    const { kind: asked, offset = 0, length = 20 } = JSON.parse(body) as Question;
    if (asked !== kind) throw new PrismRefusal(422, "INVALID_REQUEST", `kind must be ${kind}`);
    if (length > pageMax) throw new PrismRefusal(422, "INVALID_REQUEST", `length must be at most ${pageMax}`);
    const all = this.prismOf(owner)
      .entities(kind)
      .sort((a, b) => (a.metadata.uuid < b.metadata.uuid ? -1 : 1));
    const entities = all.slice(offset, offset + length);
    return {
      api_version: "3.1",
      metadata: { kind, offset, length: entities.length, total_matches: all.length },
      entities,
    };
  }
}

function viewing(kind: string): string {
  return `View_${kind === "vm" ? "Virtual_Machine" : `${kind[0]!.toUpperCase()}${kind.slice(1)}`}`;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", reject);
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
}
