/** Asks OCI about a key and about what a template names: compartment, availability domains, shape, image, subnet, groups. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding, AccountPrincipal } from "../../../runtime/model/account-check";
import { messageOf } from "../../../runtime/model/errors";
import { valueAt, type Inputs } from "../../frame/inputs";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import { packageName } from "./account";
import { compareShape, type ShapeFacts } from "./check-shape";
import { told } from "./find";
import { fieldOf, wholeTemplate } from "./instance-args";
import { accountRefusal, wordsOfFacts, wordsOfNamed } from "./refusals";
import type { OciSettings } from "./settings";
import { knownShape, shapeRequestOf, toldShape } from "./shapes";

/** What a launch reads itself, in the order in which findings are told. */
function namedIn(settings: OciSettings) {
  const remedy = (what: string) =>
    `there is no such ${what} in region "${settings.region}", or these credentials may not use it; correct it, or allow it`;
  return {
    image: {
      field: fieldOf(settings, "sourceDetails.sourceId", "imageOcid"),
      remedy: remedy("image"),
      permission: "read instance-images",
    },
    subnet: {
      field: fieldOf(settings, "createVnicDetails.subnetId", "subnetOcid"),
      remedy: remedy("subnet"),
      permission: "use subnets",
    },
    group: {
      field: fieldOf(settings, "createVnicDetails.nsgIds", "nsgOcids"),
      remedy: remedy("network security group"),
      permission: "use network-security-groups",
    },
  } as const satisfies Readonly<Record<string, LookedUp>>;
}

/** What explains the rest; a launch does without being allowed to see it. */
function factsAbout(settings: OciSettings) {
  return {
    compartment: { field: "compartmentOcid", remedy: "correct it", permission: "inspect compartments" },
    domain: { field: "availabilityDomains", remedy: "correct it", permission: "inspect compartments" },
    shape: { field: fieldOf(settings, "shape", "shape"), remedy: "name another one", permission: "inspect instances" },
  } as const satisfies Readonly<Record<string, LookedUp>>;
}
type Fact = keyof ReturnType<typeof factsAbout>;
type Named = keyof ReturnType<typeof namedIn>;

export async function checkTenancy(settings: OciSettings, options: pulumi.InvokeOptions): Promise<AccountCheck> {
  const sdk = loadFunctions();
  const { compartmentOcid } = settings;
  const template = wholeTemplate(settings);
  const facts = new Lookups<Fact>(factsAbout(settings), wordsOfFacts);
  const named = new Lookups<Named>(namedIn(settings), wordsOfNamed);
  let domains: readonly string[] | undefined;
  try {
    const list = sdk.getAvailabilityDomains({ compartmentId: compartmentOcid }, options);
    domains = (await told("identity.getAvailabilityDomains", list)).availabilityDomains.map(({ name }) => name);
  } catch (error) {
    const message = messageOf(error);
    const refusal = accountRefusal(message, settings);
    if (refusal) return { findings: [refusal] };
    if (wordsOfFacts.kindOf(message) === "passing") return { findings: [passing(message)] };
    facts.note("domain", settings.availabilityDomains[0]!, "unchecked", unseen(message, "inspect compartments"));
  }
  const [principal, , image, subnet, groups, shape] = await Promise.all([
    whoAsks(settings, sdk, options),
    facts.up("compartment", compartmentOcid, async (id) =>
      compareCompartment(facts, await sdk.compartment(id, options)),
    ),
    named.up("image", textAt(template, "sourceDetails.sourceId"), (imageId) => sdk.image(imageId, options)),
    named.up("subnet", textAt(template, "createVnicDetails.subnetId"), (id) => sdk.subnet(id, options)),
    Promise.all(groupsIn(template).map((group) => named.up("group", group, (id) => sdk.group(id, options)))),
    askShape(settings, template, facts, sdk, options),
  ]);
  compareDomains(facts, settings, domains);
  if (image && image.state !== "AVAILABLE") {
    named.note(
      "image",
      image.id,
      "wrong",
      `the image is there, but "${image.state}" and not "AVAILABLE"; name one that is`,
    );
  }
  if (subnet) compareSubnet(named, settings, template, subnet);
  for (const group of groups) if (group && subnet) compareGroup(named, group, subnet);
  return {
    ...(principal ? { identity: principal } : {}),
    findings: [...facts.findings(), ...named.findings()],
    ...(shape && knownShape(shapeRequestOf(template)) === undefined
      ? { size: { name: shape.name, shape: toldShape(shape) } }
      : {}),
  };
}

/** The tenancy of a key is known; that of a machine is at the top of the compartments. */
async function whoAsks(
  { tenancyOcid, userOcid, compartmentOcid }: OciSettings,
  sdk: Functions,
  options: pulumi.InvokeOptions,
): Promise<AccountPrincipal | undefined> {
  try {
    const owner = tenancyOcid ?? (await tenancyAbove(compartmentOcid, sdk, options));
    return {
      owner,
      name: userOcid === undefined ? "the machine's own principal" : await nameOf(userOcid, sdk, options),
    };
  } catch {
    // Who may not see the compartments above still makes nodes; only whose they are stays unknown.
    return undefined;
  }
}

/** Compartments are nested six deep at most. */
const depthMax = 7;

async function tenancyAbove(compartment: string, sdk: Functions, options: pulumi.InvokeOptions): Promise<string> {
  let above = compartment;
  for (let depth = 0; depth < depthMax && !above.startsWith("ocid1.tenancy."); depth++) {
    above = (await sdk.compartment(above, options)).compartmentId;
  }
  return above;
}

/** Users may look at themselves mostly; if not, the id is the name. */
async function nameOf(userId: string, sdk: Functions, options: pulumi.InvokeOptions): Promise<string> {
  try {
    return (await told("identity.getUser", sdk.getUser({ userId }, options))).name;
  } catch {
    return userId;
  }
}

function compareCompartment(
  facts: Lookups<Fact>,
  { id, state }: { readonly id: string; readonly state: string },
): void {
  if (state === "ACTIVE") return;
  facts.note("compartment", id, "wrong", `the compartment is "${state}" and not "ACTIVE"; name one that is`);
}

function compareDomains(
  facts: Lookups<Fact>,
  { availabilityDomains, region }: OciSettings,
  known: readonly string[] | undefined,
): void {
  if (known === undefined) return;
  for (const domain of availabilityDomains.filter((name) => !known.includes(name))) {
    const text = `the tenancy has no such availability domain in region "${region}"; it has ${known.join(", ")}`;
    facts.note("domain", domain, "wrong", text);
  }
}

/** What the shape is in the first of the availability domains that has it. */
async function askShape(
  settings: OciSettings,
  template: Inputs,
  facts: Lookups<Fact>,
  sdk: Functions,
  options: pulumi.InvokeOptions,
): Promise<ShapeFacts | undefined> {
  const request = shapeRequestOf(template);
  const { compartmentOcid: compartmentId, availabilityDomains } = settings;
  const ask = async (place: { readonly availabilityDomain?: string; readonly imageId?: string | undefined }) => {
    const list = sdk.getShapes({ compartmentId, shape: request.name, ...place }, options);
    const { shapes } = await told("core.getShapes", list);
    return shapes.find(({ name }) => name === request.name);
  };
  return facts.up("shape", request.name, async () => {
    const found = await Promise.all(availabilityDomains.map((availabilityDomain) => ask({ availabilityDomain })));
    const imageId = textAt(template, "sourceDetails.sourceId");
    const withImage = found.some(Boolean) ? await ask({ imageId }) : undefined;
    const note = (text: string) => facts.note("shape", request.name, "wrong", text);
    compareShape(note, request, { availabilityDomains, found, isForImage: withImage !== undefined });
    return found.find(Boolean);
  });
}

interface SubnetFacts {
  readonly id: string;
  readonly vcnId: string;
  readonly availabilityDomain: string;
  readonly prohibitPublicIpOnVnic: boolean;
}

function compareSubnet(
  named: Lookups<Named>,
  { availabilityDomains }: OciSettings,
  template: Inputs,
  subnet: SubnetFacts,
): void {
  const note = (text: string) => named.note("subnet", subnet.id, "wrong", text);
  if (subnet.prohibitPublicIpOnVnic && valueAt(template, "createVnicDetails.assignPublicIp") === "true") {
    note(
      "the subnet is private and refuses public addresses; set addressType private and assignPublicIp false, or use another one",
    );
  }
  const only = subnet.availabilityDomain;
  if (only !== "" && availabilityDomains.some((domain) => domain !== only)) {
    note(`the subnet is in availability domain ${only} alone; name that one only, or use a subnet of the region`);
  }
}

function compareGroup(
  named: Lookups<Named>,
  group: { readonly id: string; readonly vcnId: string },
  subnet: SubnetFacts,
): void {
  if (group.vcnId === subnet.vcnId) return;
  const text = `the group is in VCN ${group.vcnId}, and subnet "${subnet.id}" in ${subnet.vcnId}; use a group of the subnet's VCN`;
  named.note("group", group.id, "wrong", text);
}

function textAt(template: Inputs, path: string): string | undefined {
  const value = valueAt(template, path);
  return typeof value === "string" ? value : undefined;
}

function groupsIn(template: Inputs): readonly string[] {
  return (valueAt(template, "createVnicDetails.nsgIds") ?? []) as readonly string[];
}

function unseen(message: string, permission: string): string {
  return `could not be checked: ${wordsOfFacts.saidIn(message)}; allow the action ${permission} to have it checked, nodes are made without it`;
}

function passing(message: string): AccountFinding {
  const text = `compartmentOcid: the account could not be asked: ${wordsOfFacts.saidIn(message)}`;
  return { kind: "passing", field: "compartmentOcid", text };
}

type Functions = ReturnType<typeof loadFunctions>;

function loadFunctions() {
  const sdk = loadSdk(packageName, () => ({
    ...(require("@pulumi/oci/identity/getAvailabilityDomains") as typeof import("@pulumi/oci/identity/getAvailabilityDomains")),
    ...(require("@pulumi/oci/identity/getCompartment") as typeof import("@pulumi/oci/identity/getCompartment")),
    ...(require("@pulumi/oci/identity/getUser") as typeof import("@pulumi/oci/identity/getUser")),
    ...(require("@pulumi/oci/core/getImage") as typeof import("@pulumi/oci/core/getImage")),
    ...(require("@pulumi/oci/core/getShapes") as typeof import("@pulumi/oci/core/getShapes")),
    ...(require("@pulumi/oci/core/getSubnet") as typeof import("@pulumi/oci/core/getSubnet")),
    ...(require("@pulumi/oci/core/getNetworkSecurityGroup") as typeof import("@pulumi/oci/core/getNetworkSecurityGroup")),
  }));
  return {
    ...sdk,
    compartment: (id: string, options: pulumi.InvokeOptions) =>
      told("identity.getCompartment", sdk.getCompartment({ id }, options)),
    image: (imageId: string, options: pulumi.InvokeOptions) =>
      told("core.getImage", sdk.getImage({ imageId }, options)),
    subnet: (subnetId: string, options: pulumi.InvokeOptions) =>
      told("core.getSubnet", sdk.getSubnet({ subnetId }, options)),
    group: (networkSecurityGroupId: string, options: pulumi.InvokeOptions) =>
      told("core.getNetworkSecurityGroup", sdk.getNetworkSecurityGroup({ networkSecurityGroupId }, options)),
  };
}
