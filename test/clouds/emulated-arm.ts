/** Azure Resource Manager's REST API, as far as it is asked here, over an emulated subscription. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bodyOf, type Refused } from "./azure-errors";
import { subscriptionId, type AzureFacts } from "./emulated-azure-facts";
import { AzureRefusal, type AzureAction, type EmulatedDirectories } from "./emulated-azure-tokens";

export interface ArmVm {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly tags: Readonly<Record<string, string>>;
}

type Route = readonly [
  path: RegExp,
  action: AzureAction,
  answer: (parts: readonly string[], query: URLSearchParams) => unknown,
];

/** VMs on one page of a list. */
const pageSize = 100;

export class EmulatedArm {
  /** Path of each request. */
  readonly requests: string[] = [];
  /** What a request is refused with in the place of an answer; the first of each that it names. */
  refuses: (path: string) => (Refused & { readonly retryAfter?: string }) | undefined = () => undefined;
  private readonly server: Server;

  constructor(
    private readonly directories: EmulatedDirectories,
    private readonly facts: AzureFacts,
    private readonly vms: () => readonly ArmVm[],
  ) {
    this.server = createServer((request, response) => this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", this.url);
    const path = decodeURIComponent(url.pathname);
    this.requests.push(path);
    const send = (status: number, body: string, retryAfter?: string): void => {
      response.writeHead(status, {
        "content-type": "application/json",
        ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
      });
      response.end(body);
    };
    try {
      const refused = this.refuses(path);
      if (refused) return send(refused.status, bodyOf(refused), refused.retryAfter);
      const key = this.directories.keyOfToken(request.headers.authorization ?? "");
      if (!url.searchParams.has("api-version")) {
        throw refusal(400, "MissingApiVersionParameter", "The api-version query parameter is required.");
      }
      send(200, JSON.stringify(this.answer(path, key, url.searchParams)));
    } catch (error) {
      if (error instanceof AzureRefusal) return send(error.refused.status, bodyOf(error.refused));
      send(401, bodyOf({ status: 401, code: "InvalidAuthenticationToken", message: (error as Error).message }));
    }
  }

  private answer(path: string, key: string, query: URLSearchParams): unknown {
    for (const [pattern, action, answer] of this.routes) {
      const parts = new RegExp(`^/subscriptions/${subscriptionId}${pattern.source}$`, "i").exec(path);
      if (!parts) continue;
      this.directories.requireOf(action, key);
      return answer(parts.slice(1), query);
    }
    this.directories.requireOf({ action: "read" }, key);
    if (!path.toLowerCase().startsWith(`/subscriptions/${subscriptionId}`)) {
      throw refusal(404, "SubscriptionNotFound", `The subscription '${path.split("/")[2]}' could not be found.`);
    }
    const found = this.facts.byId.get(path.toLowerCase());
    if (found) return found;
    throw refusal(404, "ResourceNotFound", `The Resource '${path}' was not found.`);
  }

  private readonly routes: readonly Route[] = [
    [/\/?/, { action: "Microsoft.Resources/subscriptions/read" }, () => this.facts.subscription],
    [
      /\/resourceGroups\/([^/]+)/,
      { action: "Microsoft.Resources/subscriptions/resourceGroups/read" },
      ([name = ""]) => this.group(name),
    ],
    [
      /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Compute\/virtualMachines/,
      "list VMs",
      ([name = ""], query) => this.page(name, query),
    ],
    [
      /\/providers\/Microsoft\.Compute\/skus/,
      { action: "Microsoft.Compute/skus/read" },
      () => ({ value: this.facts.skus() }),
    ],
    [
      /\/providers\/Microsoft\.Compute\/locations\/([^/]+)\/publishers\/([^/]+)\/artifacttypes\/vmimage\/offers\/([^/]+)\/skus\/([^/]+)\/versions/,
      { action: "Microsoft.Compute/images/read" },
      ([, ...names]) => this.versionsOf(names).map((name) => ({ name })),
    ],
    [
      /\/providers\/Microsoft\.Compute\/locations\/([^/]+)\/publishers\/([^/]+)\/artifacttypes\/vmimage\/offers\/([^/]+)\/skus\/([^/]+)\/versions\/([^/]+)/,
      { action: "Microsoft.Compute/images/read" },
      ([, ...names]) => this.imageOf(names),
    ],
    [
      /\/providers\/Microsoft\.MarketplaceOrdering\/offerTypes\/virtualmachine\/publishers\/([^/]+)\/offers\/([^/]+)\/plans\/([^/]+)\/agreements\/current/,
      { action: "Microsoft.MarketplaceOrdering/offertypes/publishers/offers/plans/agreements/read" },
      (names) => ({ properties: { accepted: this.facts.acceptedTerms.has(names.join("/")) } }),
    ],
  ];

  private group(name: string): object {
    const location = this.facts.resourceGroups.get(name);
    if (location === undefined) {
      throw refusal(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
    }
    return { name, location };
  }

  private page(resourceGroup: string, query: URLSearchParams): object {
    this.group(resourceGroup);
    const all = this.vms().filter((vm) => vm.resourceGroup.toLowerCase() === resourceGroup.toLowerCase());
    const from = Number(query.get("$skiptoken") ?? 0);
    const next = new URL(
      `${this.url}/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachines`,
    );
    next.searchParams.set("api-version", query.get("api-version") ?? "");
    next.searchParams.set("$skiptoken", String(from + pageSize));
    return {
      // As the real list: the group in capitals.
      value: all.slice(from, from + pageSize).map(({ id, name, tags }) => ({
        id: id.replace(/resourceGroups\/[^/]+/, (part) => part.toUpperCase()),
        name,
        tags,
      })),
      ...(from + pageSize < all.length ? { nextLink: next.href } : {}),
    };
  }

  private versionsOf(names: readonly string[]): string[] {
    const start = `${names.join(":")}:`;
    const known = this.facts.images.filter(({ urn }) => urn.startsWith(start));
    if (known.length === 0) {
      throw refusal(404, "NotFound", `Artifact: VMImage was not found: ${names.join(":")}`);
    }
    return known.map(({ urn }) => urn.slice(start.length));
  }

  private imageOf(names: readonly string[]): object {
    const found = this.facts.images.find(({ urn }) => urn === names.join(":"));
    if (!found)
      throw refusal(404, "PlatformImageNotFound", `The platform image '${names.join(":")}' is not available.`);
    return { location: "eastus", properties: found.properties };
  }
}

function refusal(status: number, code: string, message: string): AzureRefusal {
  return new AzureRefusal({ status, code, message });
}
