/** Looks up what a node's template names, once for all nodes of a program run. */
import type * as pulumi from "@pulumi/pulumi";
import { CloudError, ConfigError } from "../../../runtime/model/errors";
import { RememberedAnswers } from "../../frame/lookups";
import { hardwareProblems } from "./hardware";
import { readDatacenters, readInventory, type Inventory } from "./inventory";
import { findPlacement, lastName, type Placement } from "./placement";
import { readTemplate, type TemplateHardware } from "./resources";
import type { VCenterAccess } from "./soap";
import type { VSphereSettings } from "./settings";
import { VCenter } from "./vcenter";

export interface Prepared {
  readonly placement: Placement;
  readonly hardware: TemplateHardware;
}

const inventories = new RememberedAnswers<Inventory>();
const templates = new RememberedAnswers<TemplateHardware>();

/** @throws CloudError (CONFIG) when something of it is not there, or does not fit. */
export async function prepareClone(
  settings: VSphereSettings,
  options: pulumi.CustomResourceOptions,
): Promise<Prepared> {
  const { provider } = options;
  const { datacenter, templateName } = settings;
  const name = lastName(templateName);
  const inventory = await inventories.of(provider, `${datacenter}\0${name}`, () =>
    inventoryOf(settings, datacenter, name),
  );
  const { placement, problems } = findPlacement(inventory, settings);
  if (placement === undefined) {
    const told = problems.map(({ field, value, text }) => `${field} "${value}": ${text}`);
    throw new CloudError("CONFIG", `VspherePlacement: ${told.join("; ")}`);
  }
  const { uuid } = placement.template;
  const hardware = await templates.of(provider, uuid, () =>
    readTemplate(uuid, provider === undefined ? {} : { provider }),
  );
  const wrong = hardwareProblems(hardware, settings);
  if (wrong.length > 0) throw new CloudError("CONFIG", `VsphereHardware: ${wrong.join("; ")}`);
  return { placement, hardware };
}

async function inventoryOf(access: VCenterAccess, datacenter: string, templateName: string): Promise<Inventory> {
  return VCenter.with(access, async (vcenter) => {
    const found = (await readDatacenters(vcenter)).find(({ name }) => name === datacenter);
    if (found !== undefined) return readInventory(vcenter, found, templateName);
    throw new CloudError(
      "CONFIG",
      `VspherePlacement: datacenter "${datacenter}": there is no such datacenter that this account may see`,
    );
  });
}

/** The vCenter that an account leads to must be the one that its VMs are in: another one has never heard of them. */
export async function requireOwner(access: VCenterAccess, owner: string): Promise<void> {
  const { instanceUuid, fullName } = await VCenter.with(access, async (vcenter) => vcenter.identity());
  if (instanceUuid === owner) return;
  const message = `"${access.vcenterAddress}" is the vCenter ${instanceUuid} (${fullName}), and the VMs are in ${owner}`;
  throw ConfigError.of([{ path: "vcenterAddress", message }]);
}
