/** What a node's settings become: the inputs of its VM, and the request that the plugin makes of them. */
import { wholeInputs } from "../../provider/cloud";
import { placeIdentity } from "../../provider/clouds/gcp/find";
import { instanceArgs, wholeOverrides, type TypeFacts } from "../../provider/clouds/gcp/instance";
import { gcpSettingsSchema, type GcpSettings } from "../../provider/clouds/gcp/settings";
import type { Inputs } from "../../provider/frame/inputs";
import type { NodeOf } from "../../provider/vm-provider";
import { problemsOf } from "../../runtime/model/config";
import type { DesiredNode } from "../../runtime/model/state";
import { keyFile } from "./emulated-gcp-keys";
import { problemIn, requestOf } from "./gcp-api";
import { homeProject } from "./gcp-facts";
import { vmProviderOf } from "./registered";

export const minimal = {
  credentials: keyFile("K1"),
  project: homeProject,
  zone: "us-east4-b",
  machineType: "e2-standard-2",
  image: "agents-1",
  subnetwork: "default",
};

export const aNode = (nodeId: string, settings: Record<string, unknown> = {}, over: Partial<DesiredNode> = {}) =>
  ({
    nodeId,
    zone: "home",
    pool: "agents",
    autoscaleConfig: "agents-gcp",
    vmProvider: "main",
    installation: "i-lab",
    kind: "gcp",
    settings: { ...minimal, ...settings },
    osType: "linux",
    startupScript: "#!/bin/sh\ntrue",
    ...over,
  }) as DesiredNode;

/** Each with its path and sentence. */
export function problemsIn(settings: Record<string, unknown>) {
  const given = { ...minimal, ...settings };
  const parsed = gcpSettingsSchema.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given, ["credentials"]);
}

export const pathsIn = (settings: Record<string, unknown>): string[] => problemsIn(settings).map(({ path }) => path);

export function inputsOf(node: DesiredNode, facts: TypeFacts = { builtInGpus: 0 }): Inputs {
  const parsed = { ...node, settings: gcpSettingsSchema.parse(node.settings) } as NodeOf<GcpSettings>;
  const provider = vmProviderOf("gcp");
  const script = node.isRawScript ? node.startupScript : provider.wrapScript(node.startupScript, node.osType);
  const computed = instanceArgs(parsed, script, facts) as unknown as Inputs;
  return wholeInputs({ overrides: wholeOverrides, placeIdentity }, parsed as never, computed);
}

/** Of one VM; a request that the API would refuse for its shape fails here. */
export function requestFor(node: DesiredNode, facts?: TypeFacts): Readonly<Record<string, unknown>> {
  const inputs = inputsOf(node, facts);
  const request = requestOf(inputs, { project: String(inputs["project"]), zone: String(inputs["zone"]) });
  const problem = problemIn(request);
  if (problem) throw problem;
  return request;
}
