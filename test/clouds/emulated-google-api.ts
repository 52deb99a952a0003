/** Google Cloud's REST APIs on this machine, as far as they are asked directly: the project, lists of VMs and records, what templates name. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { EmulatedCloudDns } from "./emulated-cloud-dns";
import type { EmulatedKeys, KeyAction } from "./emulated-gcp-keys";
import { GcpRefusal } from "./gcp-api";
import type { GcpFacts, MachineType } from "./gcp-facts";

export interface InstanceInApi {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ApiRequest {
  readonly path: string;
  readonly parameters: URLSearchParams;
}

const linkOf = (path: string): string => `https://www.googleapis.com/compute/v1/${path}`;

export class EmulatedGoogleApi {
  /** In the order in which they came. */
  readonly requests: ApiRequest[] = [];
  /** An answer in the place of its own, by the path; a refusal is thrown. */
  answers: (path: string) => unknown = () => undefined;
  private readonly server: Server;

  constructor(
    private readonly keys: EmulatedKeys,
    private readonly facts: GcpFacts,
    private readonly dns: EmulatedCloudDns,
    private readonly instances: () => readonly InstanceInApi[],
  ) {
    this.server = createServer((request, response) => this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  /** As settings name them. */
  get endpoints(): { readonly compute: string; readonly dns: string } {
    const host = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return { compute: `${host}/compute/v1/`, dns: `${host}/dns/v1/` };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://compute");
    const asked = { path: url.pathname.replace(/^\/(?:compute|dns)\/v1\//, ""), parameters: url.searchParams };
    this.requests.push(asked);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const [status, body] = this.answerOrRefusal(asked, token);
    response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
    response.end(JSON.stringify(body));
  }

  private answerOrRefusal(asked: ApiRequest, token: string): [number, unknown] {
    try {
      return [200, this.answers(asked.path) ?? this.answer(asked, token)];
    } catch (error) {
      if (!(error instanceof GcpRefusal)) throw error;
      const { status, sentence: message, reason } = error;
      return [status, { error: { code: status, message, errors: [{ message, domain: "global", reason }] } }];
    }
  }

  private answer(asked: ApiRequest, token: string): unknown {
    const { path } = asked;
    const { facts } = this;
    const owner = (action: KeyAction, permission: string): string => {
      const found = this.keys.ownerOf(token, action);
      if (found !== undefined) return found;
      throw new GcpRefusal(403, `Required '${permission}' permission for '${path}'`, "forbidden");
    };
    const project = /^projects\/([^/]+)$/.exec(path)?.[1];
    if (project !== undefined) return { id: owner("know the project", "compute.projects.get"), name: project };
    if (path.endsWith("/aggregated/instances")) return this.list(asked, owner("list VMs", "compute.instances.list"));
    const [, managedZone] = /\/managedZones\/([^/]+)\/rrsets$/.exec(path) ?? [];
    if (managedZone !== undefined) {
      const asking = owner("look up a domain", "dns.resourceRecordSets.list");
      return this.dns.list(asking, managedZone, asked.parameters.get("name") ?? "");
    }
    owner("know the project", "compute.projects.get");
    const [, zone, kind, name] = /\/zones\/([^/]+)(?:\/([^/]+)\/([^/]+))?$/.exec(path) ?? [];
    if (zone !== undefined) return this.inZone(path, zone, kind, name);
    const found =
      facts.images.find((one) => one.path === path) ??
      facts.networks.find((one) => one.path === path) ??
      facts.subnetworks.find((one) => one.path === path);
    if (found === undefined) throw notFound(path);
    const network = "network" in found ? { network: linkOf(found.network) } : {};
    return { ...found, ...network, path: undefined, selfLink: linkOf(path) };
  }

  private inZone(path: string, zone: string, kind: string | undefined, name: string | undefined): unknown {
    const { facts } = this;
    const known = facts.zones.get(zone);
    if (known === undefined) throw notFound(path);
    if (kind === undefined) return { name: zone, ...known };
    const isPlain = facts.plainZones.has(zone);
    const machineTypes = facts.machineTypes.filter((type) => !(isPlain && isSpecial(type)));
    const lists: Readonly<Record<string, readonly { readonly name: string }[]>> = {
      machineTypes,
      acceleratorTypes: isPlain ? [] : facts.acceleratorTypes,
      diskTypes: facts.diskTypes.map((type) => ({ name: type })),
    };
    const found =
      lists[kind]?.find((one) => one.name === name) ?? (kind === "machineTypes" ? customType(name) : undefined);
    if (found === undefined) throw notFound(path);
    return { ...found, zone, selfLink: linkOf(path) };
  }

  /** Zone by zone; what has none says so. Pages break off anywhere. */
  private list({ path, parameters }: ApiRequest, owner: string): unknown {
    const project = path.split("/")[1]!;
    const [, label] = /^labels\.([a-z-]+):\*$/.exec(parameters.get("filter") ?? "") ?? [];
    const all = this.instances().filter((one) => one.owner === owner && (label === undefined || label in one.labels));
    const size = Number(parameters.get("maxResults") ?? "500");
    const from = Number(parameters.get("pageToken") ?? "0");
    const items: Record<string, unknown> = {};
    for (const zone of this.facts.zones.keys()) {
      const instances = all
        .slice(from, from + size)
        .filter((one) => one.zone === zone)
        .map(({ id, name, labels }) => ({ name, labels, selfLink: linkOf(id) }));
      const warning = {
        code: "NO_RESULTS_ON_PAGE",
        message: `There are no results for scope 'zones/${zone}' on this page.`,
      };
      items[`zones/${zone}`] = instances.length > 0 ? { instances } : { warning };
    }
    const isMore = from + size < all.length;
    return {
      kind: "compute#instanceAggregatedList",
      id: project,
      items,
      ...(isMore && { nextPageToken: String(from + size) }),
    };
  }
}

function isSpecial({ accelerators = [], architecture }: MachineType): boolean {
  return accelerators.length > 0 || architecture === "ARM64";
}

function customType(name = ""): MachineType | undefined {
  const [, cores, memoryMb] = /custom-(\d+)-(\d+)$/.exec(name) ?? [];
  return cores === undefined
    ? undefined
    : { name, guestCpus: Number(cores), memoryMb: Number(memoryMb), architecture: "X86_64" };
}

function notFound(path: string): GcpRefusal {
  return new GcpRefusal(404, `The resource '${path}' was not found`, "notFound");
}
