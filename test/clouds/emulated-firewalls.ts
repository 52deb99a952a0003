/**
 * The part of DigitalOcean's REST API that our own plugin speaks: firewalls and tags. A firewall takes only tags that the team has,
 * and a tag that is there is refused.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Firewall {
  readonly id: string;
  readonly name: string;
  readonly tags: string[];
}

export class EmulatedFirewalls {
  readonly tags = new Set<string>();
  /** Method and path of each request, in order. */
  readonly requests: string[] = [];
  /** The answer to every request from now on. */
  failing: { readonly status: number; readonly message: string } | undefined;
  private readonly server: Server;

  constructor(
    private readonly token: string,
    readonly firewalls: Firewall[],
    /** Firewalls on one page, whatever is asked for. */
    private readonly perPage = 2,
  ) {
    this.server = createServer((request, response) => {
      void this.answer(request).then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(body === undefined ? "" : JSON.stringify(body));
      });
    });
  }

  /** For the environment of the engine. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage): Promise<readonly [number, unknown]> {
    const { method = "", url = "" } = request;
    this.requests.push(`${method} ${url}`);
    const { pathname, searchParams } = new URL(url, "http://loopback");
    const refuse = (status: number, message: string) => [status, { id: "refused", message }] as const;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.headers.authorization !== `Bearer ${this.token}`) return refuse(401, "Unable to authenticate you");
    if (this.failing) return refuse(this.failing.status, this.failing.message);
    if (method === "GET" && pathname === "/v2/firewalls") return [200, this.page(Number(searchParams.get("page")))];
    const tagName = /^\/v2\/tags\/(.+)$/.exec(pathname)?.[1];
    if (method === "GET" && tagName !== undefined) {
      const name = decodeURIComponent(tagName);
      return this.tags.has(name)
        ? [200, { tag: { name } }]
        : refuse(404, "The resource you requested could not be found.");
    }
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
      readonly name?: string;
      readonly tags?: string[];
    };
    if (method === "POST" && pathname === "/v2/tags") return this.makeTag(body.name ?? "", refuse);
    const id = /^\/v2\/firewalls\/([^/]+)\/tags$/.exec(pathname)?.[1];
    const firewall = this.firewalls.find((each) => each.id === id);
    if (method !== "POST" || !firewall) return refuse(404, "The resource you requested could not be found.");
    const unknown = (body.tags ?? []).find((tag) => !this.tags.has(tag));
    // The seeds' own bug: a firewall makes no tags.
    if (unknown !== undefined) return refuse(422, `tag ${unknown} does not exist`);
    firewall.tags.push(...(body.tags ?? []).filter((tag) => !firewall.tags.includes(tag)));
    return [204, undefined];
  }

  private makeTag(
    name: string,
    refuse: (status: number, message: string) => readonly [number, unknown],
  ): readonly [number, unknown] {
    if (!/^[A-Za-z0-9:_-]{1,255}$/.test(name)) return refuse(422, "Name is invalid");
    if (this.tags.has(name)) return refuse(422, "Tag name has already been taken");
    this.tags.add(name);
    return [201, { tag: { name } }];
  }

  private page(page: number): unknown {
    const start = (page - 1) * this.perPage;
    const isLast = start + this.perPage >= this.firewalls.length;
    return {
      firewalls: this.firewalls.slice(start, start + this.perPage),
      links: isLast ? {} : { pages: { next: `http://loopback/v2/firewalls?page=${page + 1}` } },
    };
  }
}
