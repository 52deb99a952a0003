/** OpenStack behind its Pulumi plugin and behind its REST APIs, with the refusals that the real ones have. */
import { createHash } from "node:crypto";
import { identityKeys } from "../../provider/frame/identity";
import { openStackPackage } from "../../provider/clouds/openstack/instance";
import { InitError, type Properties } from "../../provider/resource-kernel";
import { EmulatedCloud, type EmulatedResource } from "./emulated-cloud";
import { EmulatedCredentials, fault, OpenStackRefusal } from "./emulated-openstack-access";
import { EmulatedOpenStackApi, regions, type EmulatedServer } from "./emulated-openstack-api";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { idOf, OpenStackFacts } from "./openstack-facts";
import { requestOf, type ServerRequest } from "./openstack-request";
import { instanceInputs, instanceOutputs } from "./openstack-types";
import { serverProblem } from "./openstack-rules";

interface Server extends EmulatedServer {
  readonly request: ServerRequest | undefined;
  readonly outputs: Properties;
}

interface Asker {
  readonly key: string;
  readonly owner: string;
  readonly region: string;
}

export class EmulatedOpenStack implements Emulation {
  readonly access = new EmulatedCredentials();
  readonly facts = new OpenStackFacts(this.access.home, this.access.other);
  readonly servers = new Map<string, Server>();
  /** Volumes that outlived their server. */
  readonly volumes: string[] = [];
  readonly violations: string[] = [];
  readonly unknownVmId = idOf("server", 999_999_999);
  /** Nodes whose servers are accepted, and end in the state ERROR. */
  readonly endingInError = new Set<string>();
  /** Servers that the project may have. */
  serversMax = 5000;
  readonly api = new EmulatedOpenStackApi(this.access, this.facts, () => [...this.servers.values()]);
  readonly cloud: EmulatedCloud;
  private number = 0;

  constructor() {
    this.cloud = new EmulatedCloud({
      packageName: openStackPackage.name,
      version: openStackPackage.version,
      nodeIdOf: ({ metadata }) => (metadata as Properties | undefined)?.[identityKeys.nodeId] as string | undefined,
      resources: new Map([["openstack:compute/instance:Instance", this.instanceResource()]]),
      functions: new Map(),
    });
  }

  vms(): VmInCloud[] {
    return [...this.servers.values()].map(({ id, name, metadata, request, outputs }) => ({
      nodeId: metadata[identityKeys.nodeId] ?? name,
      id,
      script: Buffer.from(String(request?.body.server["user_data"] ?? ""), "base64").toString("utf8"),
      address: String(outputs["accessIpV4"]),
    }));
  }

  records(): [] {
    return [];
  }

  leftovers(): string[] {
    return [...this.servers.keys(), ...this.volumes];
  }

  launch(
    identity: VmIdentity,
    { owner = this.access.home, place = {} }: Parameters<Emulation["launch"]>[1] = {},
  ): string {
    const region = String(place["region"] ?? regions[0]);
    return this.add({ owner, region, name: "made-by-hand", metadata: metadataOf(identity) }, {}).id;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const server = this.servers.get(vmId);
    if (server === undefined) throw new Error(`there is no server ${vmId}`);
    server.metadata = metadataOf(identity);
  }

  remove(vmId: string): void {
    if (!this.servers.delete(vmId)) throw new Error(`there is no server ${vmId}`);
  }

  endTrouble(): void {
    this.access.forgive();
    this.cloud.trouble = {};
    this.api.refuses = () => undefined;
    this.api.inDownCell.clear();
    this.endingInError.clear();
  }

  close(): void {
    this.api.close();
  }

  private instanceResource(): EmulatedResource {
    return {
      inputs: instanceInputs,
      outputs: instanceOutputs,
      replacing: [
        ...["userData", "availabilityZone", "networks", "configDrive", "keyPair", "blockDevices", "schedulerHints"],
        ...["region", "networkMode", "hypervisorHostname", "availabilityZoneHints"],
      ],
      create: (inputs, configuration) => {
        const asker = this.admit("compute", configuration);
        const request = requestOf(inputs, this.facts);
        return this.asking("Error creating OpenStack server: ", "POST", "servers", () =>
          this.create(request, inputs, asker),
        );
      },
      read: (id, configuration) => {
        const { owner } = this.admit("compute", configuration);
        const server = this.servers.get(id);
        return server?.owner === owner ? server.outputs : undefined;
      },
      update: (id, inputs, configuration) => {
        const { owner } = this.admit("compute", configuration);
        const server = this.servers.get(id);
        if (server?.owner !== owner) throw new Error(`Error updating OpenStack server: Resource not found: ${id}`);
        const outputs = { ...server.outputs, ...inputs };
        this.servers.set(id, { ...server, outputs });
        return outputs;
      },
      delete: (id, configuration) => {
        const { key, owner } = this.admit("compute", configuration);
        this.asking("Error force deleting openstack_compute_instance_v2: ", "POST", `servers/${id}/action`, () =>
          this.access.require(key, "delete a VM"),
        );
        // As the plugin does: what is not found is gone, also when it is another project's.
        const server = this.servers.get(id);
        if (server?.owner !== owner) return;
        this.servers.delete(id);
        this.volumes.push(...volumesKeptOf(server));
      },
    };
  }

  /** Throws as the plugin does when Keystone refuses, or when the catalog has nothing. */
  private admit(service: string, configuration: Properties): Asker {
    const { authUrl, applicationCredentialId, applicationCredentialSecret, region = regions[0] } = configuration;
    const doing = `Error creating OpenStack ${service} client: `;
    if (authUrl !== `${this.api.authUrl}/v3`) throw new Error(`${doing}Post "${String(authUrl)}/auth/tokens": EOF`);
    if (configuration["insecure"] !== "true" && configuration["cacertFile"] !== this.api.certificate.cert) {
      throw new Error(
        `${doing}OpenStack connection error, retries exhausted. Aborting. Last error was: x509: certificate signed by unknown authority`,
      );
    }
    const who = this.asking(doing, "POST", "auth/tokens", () =>
      this.access.login(applicationCredentialId, applicationCredentialSecret),
    );
    if (!regions.includes(String(region))) {
      throw new Error(`${doing}No suitable endpoint could be found in the service catalog.`);
    }
    return { ...who, region: String(region) };
  }

  private asking<Result>(doing: string, method: string, path: string, ask: () => Result): Result {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof OpenStackRefusal)) throw error;
      throw new Error(novaError(doing, method, path, error));
    }
  }

  private create(request: ServerRequest, inputs: Properties, { key, owner, region }: Asker): Server {
    this.access.require(key, "create a VM");
    const problem = serverProblem(request, this.facts, owner);
    if (problem !== undefined) throw problem;
    const count = [...this.servers.values()].filter((server) => server.owner === owner).length;
    if (count >= this.serversMax) {
      throw fault(403, `Quota exceeded for instances: Requested 1, but already used ${count} of ${count} instances`);
    }
    const { name, metadata = {} } = request.body.server as { name: string; metadata?: Record<string, string> };
    const server = this.add({ owner, region, name, metadata }, inputs, request);
    if (!this.endingInError.has(name)) return server;
    server.status = "ERROR";
    throw new InitError(server.id, { ...server.outputs, accessIpV4: "", powerState: "error" }, [
      inErrorState(server.id),
    ]);
  }

  private add(
    { owner, region, name, metadata }: Pick<Server, "owner" | "region" | "name" | "metadata">,
    inputs: Properties,
    request?: ServerRequest,
  ): Server {
    const number = ++this.number;
    const id = idOf("server", number);
    const accessIpV4 = `10.20.${number >> 8}.${number & 255}`;
    const { userData } = inputs as { userData?: string };
    const outputs = {
      ...inputs,
      ...(userData === undefined ? {} : { userData: createHash("sha1").update(userData).digest("hex") }),
      ...{
        accessIpV4,
        accessIpV6: "",
        allMetadata: metadata,
        allTags: inputs["tags"] ?? [],
        region,
        powerState: "active",
      },
      ...{ created: "2026-11-27T00:00:00Z", updated: "2026-11-27T00:00:00Z" },
    };
    const server = { id, owner, region, name, metadata, status: "ACTIVE", request, outputs };
    this.servers.set(id, server);
    return server;
  }
}

/** As the plugin says it, which does not tell why. */
export function inErrorState(id: string): string {
  return `Error waiting for instance (${id}) to become ready: unexpected state 'ERROR', wanted target 'ACTIVE'. last error: %!s(<nil>)`;
}

/** As gophercloud says it. */
export function novaError(doing: string, method: string, path: string, { status, body }: OpenStackRefusal): string {
  const url = `https://openstack.example.org/${path}`;
  return `${doing}Expected HTTP response code [200 202] when accessing [${method} ${url}], but got ${status} instead: ${JSON.stringify(body)}`;
}

function volumesKeptOf({ id, request }: Server): string[] {
  const disks = (request?.body.server["block_device_mapping_v2"] ?? []) as Properties[];
  return disks
    .filter((disk) => disk["destination_type"] === "volume" && disk["delete_on_termination"] !== true)
    .map((_, index) => `volume ${index} of ${id}`);
}

/** As the console has it afterwards. */
function metadataOf({ nodeId, installation }: VmIdentity): Record<string, string> {
  const keyed = { [identityKeys.nodeId]: nodeId, [identityKeys.installation]: installation };
  return Object.fromEntries(Object.entries(keyed).filter(([, value]) => value !== undefined)) as Record<string, string>;
}
