/** Kubernetes' REST API over HTTPS, as far as nodes need it, in front of emulated clusters. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { newSelfSigned } from "../support/self-signed";
import type { EmulatedKubeCluster } from "./emulated-kube-cluster";
import { groupOf, type KubeObject, type Resource } from "./emulated-kube-objects";
import { Refusal, type EmulatedTokens, type Verb } from "./emulated-kube-tokens";

interface Asked {
  readonly key: string;
  readonly cluster: EmulatedKubeCluster;
  readonly query: URLSearchParams;
}

const resources: readonly Resource[] = [
  ...(["virtualmachines", "virtualmachineinstances", "datavolumes", "persistentvolumeclaims", "secrets"] as const),
  ...(["namespaces", "storageclasses", "network-attachment-definitions", "virtualmachineimages"] as const),
  ...(["volumesnapshots", "datasources", "resourcequotas", "events"] as const),
];

export class EmulatedKubeApi {
  /** Method and path of each request. */
  readonly requests: string[] = [];
  readonly certificate = newSelfSigned();
  /** What a request is refused with in the place of an answer. */
  refuses: (request: string) => Refusal | undefined = () => undefined;
  private readonly server: Server;

  constructor(
    private readonly tokens: EmulatedTokens,
    private readonly clusterOf: (owner: string) => EmulatedKubeCluster,
  ) {
    this.server = createServer(this.certificate, (request, response) => void this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get host(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** As a kubeconfig has it. */
  get authority(): string {
    return Buffer.from(this.certificate.cert).toString("base64");
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "https://kube");
    const what = `${request.method} ${url.pathname}`;
    this.requests.push(what);
    response.setHeader("content-type", "application/json");
    try {
      const body = await bodyOf(request);
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      const { key, owner } = this.tokens.identify(token);
      const refusal = this.refuses(what);
      if (refusal) throw refusal;
      const asked = { key, cluster: this.clusterOf(owner), query: url.searchParams };
      response.end(JSON.stringify(this.answer(request.method ?? "", url.pathname, asked, body)));
    } catch (error) {
      const { status, reason, message } =
        error instanceof Refusal ? error : new Refusal(500, "InternalError", (error as Error).message);
      response.writeHead(status);
      response.end(
        JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message, reason, code: status }),
      );
    }
  }

  private answer(method: string, path: string, asked: Asked, body: string): unknown {
    if (method === "POST" && path === "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") {
      const { spec } = JSON.parse(body) as { spec: { resourceAttributes: Verb } };
      return { status: { allowed: this.tokens.may(asked.key, spec.resourceAttributes) } };
    }
    if (method !== "GET") throw new Refusal(405, "MethodNotAllowed", "the server does not allow this method");
    if (path === "/version") return { gitVersion: "v1.33.1" };
    const group = /^\/apis\/([^/]+\/[^/]+)$/.exec(path)?.[1];
    if (group !== undefined && asked.cluster.installed.has(group))
      return { kind: "APIResourceList", groupVersion: group };
    const found = placeOf(path);
    if (found === undefined) throw new Refusal(404, "NotFound", "the server could not find the requested resource");
    const { resource, namespace, name } = found;
    const verb = { verb: name === undefined ? "list" : "get", group: groupOf(resource), resource };
    this.tokens.require(asked.key, verb, namespace, name);
    return name === undefined ? listed(asked, resource, namespace) : one(asked, resource, namespace, name);
  }
}

function placeOf(path: string): { resource: Resource; namespace: string; name: string | undefined } | undefined {
  const [, namespace, resource, name] =
    /^\/apis?(?:\/[^/]+)?\/v\w+(?:\/namespaces\/([^/]+))?\/([a-z-]+)(?:\/([^/]+))?$/.exec(path) ??
    // A namespace is an object, too.
    [];
  const known = resources.find((each) => each === resource);
  if (known !== undefined) return { resource: known, namespace: namespace ?? "", name };
  const own = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1];
  return own === undefined ? undefined : { resource: "namespaces", namespace: "", name: own };
}

function one({ cluster }: Asked, resource: Resource, namespace: string, name: string): KubeObject {
  const found =
    resource === "virtualmachines"
      ? cluster.vm(namespace, name)
      : resource === "virtualmachineinstances"
        ? cluster.vmi(namespace, name)
        : cluster.get(resource, namespace, name);
  if (found !== undefined) return found;
  const group = groupOf(resource);
  throw new Refusal(404, "NotFound", `${resource}${group === "" ? "" : `.${group}`} "${name}" not found`);
}

function listed({ cluster, query }: Asked, resource: Resource, namespace: string): object {
  const selector = query.get("labelSelector");
  const field = /^involvedObject\.name=(.+)$/.exec(query.get("fieldSelector") ?? "")?.[1];
  const all = cluster
    .list(resource, namespace)
    .filter(({ metadata }) => selector === null || matches(metadata.labels ?? {}, selector))
    .filter((object) => field === undefined || (object["involvedObject"] as { name: string }).name === field);
  const [from, limit] = [Number(query.get("continue") ?? 0), Number(query.get("limit") ?? all.length)];
  const rest = from + limit < all.length ? { continue: String(from + limit) } : {};
  return { kind: "List", metadata: rest, items: all.slice(from, from + limit) };
}

function matches(labels: Readonly<Record<string, string>>, selector: string): boolean {
  return selector.split(",").every((term) => {
    const [key = "", value] = term.split("=");
    return value === undefined ? key in labels : labels[key] === value;
  });
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", reject);
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
}
