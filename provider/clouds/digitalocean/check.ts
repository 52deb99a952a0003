/** Asks DigitalOcean about a token and about what a template names: region, size, image, SSH key, firewall, VPC. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding, KnownSize } from "../../../runtime/model/account-check";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { messageOf } from "../../../runtime/model/errors";
import { loadSdk } from "../../frame/sdk";
import { packageName, teamOf } from "./account";
import { DigitalOceanApi } from "./api";
import { firewallProblem } from "./firewall-tag-resource";
import { accountRefusal, words } from "./refusals";
import type { DropletSettings } from "./settings";

/** In the order in which their findings are told. */
function thingsOf({ region }: DropletSettings) {
  const other = "name another one";
  return {
    region: {
      field: "region",
      remedy: `DigitalOcean has no region of this name; ${other}`,
      permission: "regions:read",
    },
    size: { field: "size", remedy: `DigitalOcean has no size of this name; ${other}`, permission: "sizes:read" },
    image: {
      field: "image",
      remedy: `the team has no such image, and there is no public one; ${other}`,
      permission: "image:read",
    },
    sshKey: {
      field: "sshKeyName",
      remedy: "exactly one SSH key of the team must have this name; add it there, or name another one",
      permission: "ssh_key:read",
    },
    firewall: {
      field: "firewallId",
      remedy: `the team has no such firewall; make it, or ${other}`,
      permission: "firewall:read",
    },
    namedFirewall: {
      field: "firewallName",
      remedy: `the team has no such firewall; make it, or ${other}`,
      permission: "firewall:read",
    },
    vpc: {
      field: "vpcUuid",
      remedy: `the team has no such VPC; make it in region "${region}", or ${other}`,
      permission: "vpc:read",
    },
  } as const satisfies Readonly<Record<string, LookedUp>>;
}
type Thing = keyof ReturnType<typeof thingsOf>;

export async function checkTeam(settings: DropletSettings, options: pulumi.InvokeOptions): Promise<AccountCheck> {
  const sdk = loadFunctions();
  let name: string;
  try {
    const account = await sdk.getAccount(options);
    if (account.status === "locked") return { findings: [locked(account)] };
    name = account.email;
  } catch (error) {
    const refusal = accountRefusal(messageOf(error), settings);
    if (refusal) return { findings: [refusal] };
    if (words.kindOf(messageOf(error)) !== "unchecked") return { findings: [passing(messageOf(error))] };
    // A token may do without telling whose it is.
    name = "a token without account:read";
  }
  const look = new Lookups<Thing>(thingsOf(settings), words);
  const { region, size: sizeName, sshKeyName, firewallId, firewallName, vpcUuid } = settings;
  const [team, , sizes, image, , firewall, named, vpc] = await Promise.all([
    askTeam(options),
    look.up("region", region, (slug) => sdk.getRegion({ slug }, options)),
    look.up("size", sizeName, (slug) => sdk.getSizes({ filters: [{ key: "slug", values: [slug] }] }, options)),
    look.up("image", settings.image, (image) => sdk.getImage(imageArgs(image), options)),
    Promise.all(
      sshKeyName.map((each) => look.up("sshKey", each, (keyName) => sdk.getSshKey({ name: keyName }, options))),
    ),
    look.up("firewall", firewallId, (id) => sdk.getFirewall({ firewallId: id }, options)),
    look.up("namedFirewall", firewallName, (each) => new DigitalOceanApi(settings.token).firewallsNamed(each)),
    look.up("vpc", vpcUuid, (id) => sdk.getVpc({ id }, options)),
  ]);
  const size = sizes && compareSize(look, sizes.sizes[0], settings);
  if (image) compareImage(look, image, size, settings);
  if (firewall) compareFirewall(look, firewall, settings);
  const problem = named && firewallProblem(named);
  if (problem !== undefined) look.note("namedFirewall", firewallName ?? "", "wrong", problem);
  if (vpc && vpc.region !== region) {
    look.note(
      "vpc",
      vpc.id,
      "wrong",
      `the VPC is in region "${vpc.region}", and the nodes in "${region}"; use one of their region`,
    );
  }
  return {
    ...("owner" in team ? { identity: { owner: team.owner, name } } : {}),
    findings: ["owner" in team ? [] : [team], look.findings()].flat(),
    ...(size && { size: sizeOf(size) }),
  };
}

/** Whose token it is, or why nobody knows. */
async function askTeam({ provider }: pulumi.InvokeOptions): Promise<{ readonly owner: string } | AccountFinding> {
  try {
    return { owner: await teamOf(provider) };
  } catch (error) {
    const message = messageOf(error);
    const text = `token: of which team it is could not be told: ${words.saidIn(message)}; allow project:read, so that a token of another team is refused`;
    return { kind: words.kindOf(message) === "passing" ? "passing" : "unchecked", field: "token", text };
  }
}

/** By its id or its slug. */
function imageArgs(image: string): { id: number } | { slug: string } {
  return /^\d+$/.test(image) ? { id: Number(image) } : { slug: image };
}

interface SizeFacts {
  readonly slug: string;
  readonly available: boolean;
  readonly regions: readonly string[];
  /** GiB. */
  readonly disk: number;
  readonly vcpus: number;
  /** MiB. */
  readonly memory: number;
  readonly gpuInfos: readonly { readonly count: number }[];
}

function compareSize(
  look: Lookups<Thing>,
  size: SizeFacts | undefined,
  { region, size: name }: DropletSettings,
): SizeFacts | undefined {
  if (size === undefined) {
    look.note("size", name, "wrong", "DigitalOcean has no size of this name; name another one");
  } else if (!size.available || size.regions.length === 0) {
    look.note("size", name, "wrong", "DigitalOcean makes no Droplets of this size now; name another one");
  } else if (!size.regions.includes(region)) {
    const offered = size.regions.join(", ");
    look.note("size", name, "wrong", `region "${region}" does not have this size; it is offered in ${offered}`);
  }
  return size;
}

function compareImage(
  look: Lookups<Thing>,
  image: { readonly regions: readonly string[]; readonly minDiskSize: number; readonly status: string },
  size: SizeFacts | undefined,
  { region, image: name, size: sizeName }: DropletSettings,
): void {
  const { regions, minDiskSize, status } = image;
  const note = (text: string) => look.note("image", name, "wrong", text);
  // Older images have no status.
  if (status !== "" && status !== "available") note(`the image is there, but "${status}"; name one that is available`);
  if (!regions.includes(region)) {
    note(`the image is not in region "${region}", but in ${regions.join(", ")}; add it there, or name another one`);
  }
  if (size && minDiskSize > size.disk) {
    note(`the image needs a disk of ${minDiskSize} GiB, and size "${sizeName}" has ${size.disk}; name a larger size`);
  }
}

function compareFirewall(
  look: Lookups<Thing>,
  { tags }: { readonly tags?: readonly string[] },
  { firewallId = "", tags: own }: DropletSettings,
): void {
  const note = (text: string) => look.note("firewall", firewallId, "wrong", text);
  // The plugin answers with nothing for one that it does not find.
  if (tags === undefined) return note("the team has no such firewall; make it, or name another one");
  // It may also have a tag of the pool or the zone, which a check of the settings alone does not know.
  if (tags.some((tag) => /^headroom-/i.test(tag) || own.includes(tag))) return;
  const has = tags.length === 0 ? "it has no tags" : `it has ${tags.join(", ")}`;
  const example = own[0] ?? "headroom-pool:<pool>";
  note(`the firewall does not apply to the nodes: ${has}; give it one of the nodes' tags, e.g. ${example}`);
}

function sizeOf({ slug, vcpus, memory, gpuInfos }: SizeFacts): KnownSize {
  const gpus = gpuInfos.reduce((sum, { count }) => sum + count, 0);
  return { name: slug, shape: { cores: vcpus, memoryBytes: memory * 2 ** 20, gpus } };
}

function locked({ statusMessage }: { readonly statusMessage: string }): AccountFinding {
  const said = statusMessage.trim() === "" ? "" : ` ("${statusMessage.trim()}")`;
  return {
    kind: "wrong",
    field: "token",
    text: `token: the account is locked${said}; this is settled with DigitalOcean's support`,
  };
}

function passing(message: string): AccountFinding {
  return { kind: "passing", field: "token", text: `token: the account could not be asked: ${words.saidIn(message)}` };
}

function loadFunctions() {
  return loadSdk(packageName, () => ({
    ...(require("@pulumi/digitalocean/getAccount") as typeof import("@pulumi/digitalocean/getAccount")),
    ...(require("@pulumi/digitalocean/getRegion") as typeof import("@pulumi/digitalocean/getRegion")),
    ...(require("@pulumi/digitalocean/getSizes") as typeof import("@pulumi/digitalocean/getSizes")),
    ...(require("@pulumi/digitalocean/getImage") as typeof import("@pulumi/digitalocean/getImage")),
    ...(require("@pulumi/digitalocean/getSshKey") as typeof import("@pulumi/digitalocean/getSshKey")),
    ...(require("@pulumi/digitalocean/getFirewall") as typeof import("@pulumi/digitalocean/getFirewall")),
    ...(require("@pulumi/digitalocean/getVpc") as typeof import("@pulumi/digitalocean/getVpc")),
  }));
}
