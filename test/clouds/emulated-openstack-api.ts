/** The REST APIs of an emulated OpenStack cloud over HTTPS: Keystone, Nova, Glance, Neutron and Cinder, as far as nodes need them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { newSelfSigned } from "../support/self-signed";
import { fault, OpenStackRefusal, type EmulatedCredentials } from "./emulated-openstack-access";
import type { OpenStackFacts } from "./openstack-facts";

/** A server as Nova has it. */
export interface EmulatedServer {
  readonly id: string;
  /** Id of the project. */
  readonly owner: string;
  readonly region: string;
  readonly name: string;
  metadata: Readonly<Record<string, string>>;
  status: string;
}

interface Asked {
  readonly key: string;
  readonly owner: string;
  readonly region: string;
  readonly query: URLSearchParams;
}

type Route = readonly [path: RegExp, answer: (asked: Asked, ...parts: string[]) => object];

export const regions = ["RegionOne", "RegionTwo"];
const newestMicroversion = 96;
/** Nova's own pages have a thousand. */
const pageMax = 100;

export class EmulatedOpenStackApi {
  /** Method and path of each request. */
  readonly requests: string[] = [];
  readonly certificate = newSelfSigned();
  /** What a request is refused with in the place of an answer. */
  refuses: (request: string) => OpenStackRefusal | undefined = () => undefined;
  /** Ids of servers of which Nova tells nothing now. */
  readonly inDownCell = new Set<string>();
  private readonly tokens = new Map<string, { readonly key: string; readonly owner: string }>();
  private readonly server: Server;

  constructor(
    private readonly access: EmulatedCredentials,
    private readonly facts: OpenStackFacts,
    private readonly servers: () => readonly EmulatedServer[],
  ) {
    this.server = createServer(this.certificate, (request, response) => void this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  private get origin(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get authUrl(): string {
    return `${this.origin}/identity`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.origin);
    const what = `${request.method} ${url.pathname}`;
    this.requests.push(what);
    response.setHeader("content-type", "application/json");
    try {
      const body = await bodyOf(request);
      const refusal = this.refuses(what);
      if (refusal) throw refusal;
      if (what === "POST /identity/v3/auth/tokens") return this.giveToken(body, response);
      const who = this.tokens.get(String(request.headers["x-auth-token"]));
      if (who === undefined) throw fault(401, "Authentication required");
      requireMicroversion(request);
      response.end(JSON.stringify(this.answer(url, who)));
    } catch (error) {
      const { status, body } = error instanceof OpenStackRefusal ? error : fault(500, String(error));
      response.writeHead(status).end(JSON.stringify(body));
    }
  }

  private giveToken(text: string, response: ServerResponse): void {
    const { auth } = JSON.parse(text) as {
      auth: { identity: { application_credential: { id: string; secret: string } }; scope?: object };
    };
    if (auth.scope !== undefined) {
      const message = "Application credentials cannot request a scope.";
      throw new OpenStackRefusal(401, { error: { code: 401, message, title: "Unauthorized" } });
    }
    const { id, secret } = auth.identity.application_credential;
    const who = this.access.login(id, secret);
    const token = `token-${this.tokens.size + 1}-of-${who.key}`;
    this.tokens.set(token, who);
    const project = { id: who.owner, name: who.owner === this.access.home ? "labs" : "others" };
    const roles = this.access.roles.map((name) => ({ name }));
    const user = { name: "headroom" };
    response.writeHead(201, { "x-subject-token": token });
    response.end(JSON.stringify({ token: { project, user, roles, catalog: this.catalogOf(who.owner) } }));
  }

  private catalogOf(project: string): object[] {
    const paths = { compute: "/compute/v2.1", image: "/image", network: "/network", volumev3: `/volume/v3/${project}` };
    return Object.entries(paths).map(([type, path]) => ({
      type,
      endpoints: regions.flatMap((region) =>
        ["public", "internal"].map((kind) => ({
          ...{ interface: kind, region, region_id: region },
          url: kind === "public" ? `${this.origin}/${region}${path}` : "https://10.0.0.1:1",
        })),
      ),
    }));
  }

  private answer({ pathname, searchParams }: URL, who: { key: string; owner: string }): object {
    const [, region = "", path = ""] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
    for (const [pattern, answer] of this.routes) {
      const parts = new RegExp(`^${pattern.source}$`).exec(path);
      if (parts) return answer({ ...who, region, query: searchParams }, ...parts.slice(1));
    }
    throw fault(404, `The resource could not be found: ${path}`);
  }

  private readonly routes: readonly Route[] = [
    [/\/compute\/v2\.1\/servers\/detail/, (asked) => this.listServers(asked)],
    [/\/compute\/v2\.1\/limits/, () => ({ limits: { rate: [], absolute: this.facts.limits } })],
    [/\/compute\/v2\.1\/flavors\/detail/, () => ({ flavors: this.facts.flavors })],
    [
      /\/compute\/v2\.1\/flavors\/([^/]+)/,
      (_asked, id) => ({ flavor: found(this.facts.flavors, id, `Flavor ${id} could not be found.`) }),
    ],
    [
      /\/compute\/v2\.1\/os-keypairs\/([^/]+)/,
      (_asked, name = "") => {
        if (!this.facts.keyPairs.has(name)) throw fault(404, `Keypair ${name} not found for user headroom`);
        return { keypair: { name } };
      },
    ],
    [
      /\/compute\/v2\.1\/os-availability-zone/,
      () => ({
        availabilityZoneInfo: [...this.facts.zones].map(([zoneName, available]) => ({
          zoneName,
          zoneState: { available },
        })),
      }),
    ],
    [/\/image\/v2\/images\/([^/]+)/, (_asked, id) => found(this.facts.images, id, `No image found with ID ${id}`)],
    [/\/image\/v2\/images/, ({ query }) => ({ images: matching(this.facts.images, query) })],
    [/\/network\/v2\.0\/networks/, ({ query }) => ({ networks: matching(this.facts.networks, query) })],
    [/\/network\/v2\.0\/security-groups/, () => ({ security_groups: this.facts.groups })],
    [
      /\/volume\/v3\/[0-9a-f]+\/types/,
      () => ({ volume_types: this.facts.volumeTypes.map((name, index) => ({ id: `type-${index}`, name })) }),
    ],
  ];

  private listServers({ key, owner, region, query }: Asked): object {
    this.access.require(key, "list VMs");
    const ours = this.servers().filter((server) => server.owner === owner && server.region === region);
    const after = query.get("marker");
    const from = after === null ? 0 : ours.findIndex(({ id }) => id === after) + 1;
    if (after !== null && from === 0) throw fault(400, `marker [${after}] not found`);
    const page = ours.slice(from, from + pageMax);
    const next = [{ rel: "next", href: `https://10.0.0.1/v2.1/servers/detail?marker=${page.at(-1)?.id}` }];
    const told = page.map(({ id, name, status, metadata }) =>
      this.inDownCell.has(id) ? { id, status: "UNKNOWN" } : { id, name, status, metadata },
    );
    return { servers: told, ...(from + pageMax < ours.length && { servers_links: next }) };
  }
}

function requireMicroversion({ headers }: IncomingMessage): void {
  const [, asked = "1"] = /^2\.(\d+)$/.exec(String(headers["x-openstack-nova-api-version"] ?? "2.1")) ?? [];
  if (Number(asked) <= newestMicroversion) return;
  const text = `Version 2.${asked} is not supported by the API. Minimum is 2.1 and maximum is 2.${newestMicroversion}.`;
  throw new OpenStackRefusal(406, { computeFault: { code: 406, message: text } });
}

function found<Entry extends { readonly id: string }>(
  entries: readonly Entry[],
  id: string | undefined,
  lack: string,
): Entry {
  const entry = entries.find((one) => one.id === id);
  if (entry === undefined) throw fault(404, lack);
  return entry;
}

function matching<Entry extends { readonly id: string; readonly name: string }>(
  entries: readonly Entry[],
  query: URLSearchParams,
): Entry[] {
  const [id, name] = [query.get("id"), query.get("name")];
  return entries.filter((entry) => (id === null || entry.id === id) && (name === null || entry.name === name));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
