/** The emulated Google Cloud asked directly, without an engine between: what the plugin makes of a key is made here. */
import type * as pulumi from "@pulumi/pulumi";
import { checkProject } from "../../provider/clouds/gcp/check";
import { recordsNamed } from "../../provider/clouds/gcp/dns-zone";
import { findInstances, listInstances } from "../../provider/clouds/gcp/find";
import { GoogleApi } from "../../provider/clouds/gcp/google-api";
import { gcpSettingsSchema, type GcpSettings } from "../../provider/clouds/gcp/settings";
import type { SoughtVms } from "../../provider/vm-provider";
import { EmulatedGcp } from "./emulated-gcp";
import { keyFile } from "./emulated-gcp-keys";
import { minimal } from "./gcp-requests";

type ClientConfig = typeof import("@pulumi/gcp/organizations/getClientConfig");
/** Of the SDK, whose functions need an engine. */
const sdk = require("@pulumi/gcp/organizations/getClientConfig") as {
  getClientConfig: ClientConfig["getClientConfig"];
};

export class GcpWithoutEngine {
  readonly cloud = new EmulatedGcp();
  private readonly original = sdk.getClientConfig;

  static async open(): Promise<GcpWithoutEngine> {
    const opened = new GcpWithoutEngine();
    await opened.cloud.api.listen();
    sdk.getClientConfig = (async () => ({ accessToken: opened.token })) as unknown as ClientConfig["getClientConfig"];
    return opened;
  }

  close(): void {
    sdk.getClientConfig = this.original;
    this.cloud.api.close();
  }

  settings(over: Record<string, unknown> = {}): GcpSettings {
    return gcpSettingsSchema.parse({ ...minimal, endpoints: this.cloud.api.endpoints, ...over });
  }

  check(over: Record<string, unknown>): ReturnType<typeof checkProject> {
    return checkProject(this.settings(over), options);
  }

  find(nodeIds: readonly string[]): ReturnType<typeof findInstances> {
    return findInstances(nodeIds, this.settings(), options);
  }

  list(sought: SoughtVms): ReturnType<typeof listInstances> {
    return listInstances(sought, this.settings(), options);
  }

  recordsNamed(name: string, managedZone: string): ReturnType<typeof recordsNamed> {
    return recordsNamed(name, managedZone, this.settings(), options);
  }

  /** The same question once more, as it arrived. */
  ask(path: string, parameters: URLSearchParams): Promise<object> {
    const { compute, dns } = this.cloud.api.endpoints;
    const api = new GoogleApi(this.token, path.includes("/managedZones/") ? dns : compute);
    return api.get(path, Object.fromEntries(parameters));
  }

  private get token(): string {
    return this.cloud.access.tokenOf({ credentials: keyFile("K1") });
  }
}

const options: pulumi.InvokeOptions = {};
