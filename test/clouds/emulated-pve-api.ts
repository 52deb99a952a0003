/** Proxmox VE's REST API over HTTPS, as far as nodes need it, in front of emulated clusters. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { newSelfSigned } from "../support/self-signed";
import type { ClusterVm, EmulatedCluster } from "./emulated-cluster";
import { Refusal, type EmulatedTokens } from "./emulated-pve-tokens";

interface Asked {
  readonly key: string;
  readonly cluster: EmulatedCluster;
  readonly parameters: URLSearchParams;
}

type Route = readonly [method: string, path: RegExp, answer: (asked: Asked, ...parts: string[]) => unknown];

/** As the real one. */
const bodyBytesMax = 64 * 1024;
const contentMax = 60 * 1024;

export class EmulatedPveApi {
  /** Method and path of each request, without the token. */
  readonly requests: string[] = [];
  readonly certificate = newSelfSigned();
  /** The connection breaks when this request has been carried out; asked once for each. */
  losesAnswer: (request: string) => boolean = () => false;
  /** What a request is refused with in the place of an answer. */
  refuses: (request: string) => Refusal | undefined = () => undefined;
  /** Answers in the place of its own; undefined = its own. */
  answers: (request: string) => unknown = () => undefined;
  private readonly server: Server;

  constructor(
    private readonly tokens: EmulatedTokens,
    private readonly clusterOf: (owner: string) => EmulatedCluster,
  ) {
    this.server = createServer(this.certificate, (request, response) => void this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "https://pve");
    const what = `${request.method} ${url.pathname.replace(/^\/api2\/json/, "")}`;
    this.requests.push(what);
    try {
      const body = await bodyOf(request);
      const token = /^PVEAPIToken=(.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      const { key, owner } = this.tokens.identify(token);
      const refusal = this.refuses(what);
      if (refusal) throw refusal;
      const parameters = request.method === "GET" ? url.searchParams : new URLSearchParams(body);
      const data = this.answers(what) ?? this.answer(what, { key, cluster: this.clusterOf(owner), parameters });
      if (this.losesAnswer(what)) return void request.socket.destroy();
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ data: data ?? null }));
    } catch (error) {
      const [status, reason] =
        error instanceof Refusal ? [error.status, error.message] : [500, (error as Error).message];
      response.writeHead(status, reason.replace(/[^\x20-\x7e]/g, " "), { "content-type": "application/json" });
      response.end(
        JSON.stringify({
          data: null,
          ...(status === 400 ? { errors: { parameter: reason } } : { message: `${reason}\n` }),
        }),
      );
    }
  }

  private answer(what: string, asked: Asked): unknown {
    for (const [method, pattern, answer] of this.routes) {
      const parts = new RegExp(`^${method} ${pattern.source}$`).exec(what);
      if (parts) return answer(asked, ...parts.slice(1));
    }
    throw new Refusal(501, `Method '${what}' not implemented`);
  }

  private readonly routes: readonly Route[] = [
    ["GET", /\/version/, () => ({ version: "9.0.3", release: "9.0", repoid: "0" })],
    ["GET", /\/access\/permissions/, ({ key }) => this.permissionsOf(key)],
    [
      "GET",
      /\/cluster\/status/,
      ({ key, cluster }) => {
        this.tokens.require(key, "/", "Sys.Audit");
        return [{ type: "cluster", id: "cluster", name: cluster.name, quorate: 1, nodes: cluster.nodes.size }];
      },
    ],
    ["GET", /\/cluster\/resources/, (asked) => this.resources(asked)],
    [
      "GET",
      /\/cluster\/nextid/,
      ({ cluster, parameters }) => {
        const vmid = Number(parameters.get("vmid"));
        if (cluster.vms.has(vmid)) throw new Refusal(400, `VM ${vmid} already exists`);
        return String(vmid);
      },
    ],
    ["GET", /\/nodes/, ({ cluster }) => [...cluster.nodes].map(([node, status]) => ({ node, status, type: "node" }))],
    [
      "GET",
      /\/nodes\/([^/]+)\/qemu/,
      (asked, node = "") => {
        this.requireOnline(asked, node);
        return this.visible(asked)
          .filter((vm) => vm.node === node)
          .map((vm) => listed(vm));
      },
    ],
    [
      "GET",
      /\/nodes\/([^/]+)\/qemu\/(\d+)\/config/,
      (asked, node = "", vmid = "") => configOf(this.vmOf(asked, node, vmid)),
    ],
    [
      "GET",
      /\/nodes\/([^/]+)\/storage/,
      (asked, node = "") => {
        this.requireOnline(asked, node);
        return asked.cluster.storages.map((storage) => ({ ...storage, enabled: 1, active: 1 }));
      },
    ],
    ["GET", /\/pools/, ({ cluster }) => [...cluster.pools].map((poolid) => ({ poolid }))],
    [
      "POST",
      /\/nodes\/([^/]+)\/qemu\/(\d+)\/agent\/file-write/,
      (asked, node = "", vmid = "") => {
        const [file, content] = [asked.parameters.get("file") ?? "", asked.parameters.get("content") ?? ""];
        if (content.length > contentMax)
          throw new Refusal(400, `content: value may only be ${contentMax} characters long`);
        if (asked.parameters.get("encode") !== "0") throw new Refusal(400, "this emulation wants it encoded");
        this.guestOf(asked, node, vmid).write(file, Buffer.from(content, "base64"));
        return null;
      },
    ],
    [
      "POST",
      /\/nodes\/([^/]+)\/qemu\/(\d+)\/agent\/exec/,
      (asked, node = "", vmid = "") => ({
        pid: this.guestOf(asked, node, vmid).exec(asked.parameters.getAll("command")),
      }),
    ],
    [
      "GET",
      /\/nodes\/([^/]+)\/qemu\/(\d+)\/agent\/exec-status/,
      (asked, node = "", vmid = "") => {
        const pid = Number(asked.parameters.get("pid"));
        const process = this.guestOf(asked, node, vmid).processes.get(pid);
        if (!process) throw new Error(`Agent error: PID ${pid} does not exist`);
        return process;
      },
    ],
    [
      "GET",
      /\/nodes\/([^/]+)\/qemu\/(\d+)\/agent\/network-get-interfaces/,
      (asked, node = "", vmid = "") => ({
        result: this.guestOf(asked, node, vmid).interfaces(),
      }),
    ],
  ];

  private permissionsOf(key: string): Record<string, unknown> {
    const privileges = this.tokens.privilegesOf(key);
    return Object.keys(privileges).length === 0 ? {} : { "/": privileges, "/vms": privileges };
  }

  /** VMs on nodes that are off-line are in it too, without what only their node knows. */
  private resources(asked: Asked): object[] {
    return this.visible(asked).map((vm) => {
      const isOnline = asked.cluster.nodes.get(vm.node) === "online";
      const { name, ...known } = listed(vm);
      return {
        ...known,
        id: `qemu/${vm.vmid}`,
        type: "qemu",
        node: vm.node,
        ...(isOnline ? { name } : { status: "unknown" }),
      };
    });
  }

  private visible({ key, cluster }: Asked): ClusterVm[] {
    return this.tokens.has(key, "VM.Audit") ? [...cluster.vms.values()] : [];
  }

  private requireOnline({ cluster }: Asked, node: string): void {
    const status = cluster.nodes.get(node);
    if (status === undefined) throw new Refusal(500, `hostname lookup '${node}' failed - failed to get address info`);
    if (status === "offline") throw new Refusal(595, "No route to host");
  }

  private vmOf(asked: Asked, node: string, vmid: string): ClusterVm {
    this.requireOnline(asked, node);
    this.tokens.require(asked.key, `/vms/${vmid}`, "VM.Audit");
    const vm = asked.cluster.vms.get(Number(vmid));
    if (vm?.node !== node)
      throw new Error(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
    return vm;
  }

  private guestOf(asked: Asked, node: string, vmid: string): ClusterVm["guest"] {
    const { guest } = this.vmOf(asked, node, vmid);
    this.tokens.require(asked.key, `/vms/${vmid}`, "VM.GuestAgent.Unrestricted");
    guest.requireReady();
    return guest;
  }
}

function listed({ vmid, name, tags, isTemplate, lock }: ClusterVm) {
  const told = lock === undefined ? { name, ...(tags.length > 0 ? { tags: tags.join(";") } : {}) } : { lock, name: "" };
  return { vmid, status: "running", ...(isTemplate ? { template: 1 } : {}), ...told };
}

function configOf({ name, tags, description, lock, config, isTemplate }: ClusterVm): object {
  if (lock !== undefined) return { lock };
  const tagged = tags.length > 0 ? { tags: tags.join(";") } : {};
  return {
    ...config,
    name,
    ...tagged,
    ...(description === "" ? {} : { description }),
    ...(isTemplate ? { template: 1 } : {}),
  };
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", reject);
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (body.length > bodyBytesMax) reject(new Refusal(501, "for data too large"));
      else resolve(body.toString("utf8"));
    });
  });
}
