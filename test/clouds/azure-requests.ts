/** What Azure refuses of a request for a VM at once, as its reference and its users' reports have it. */
import type { Properties } from "../../provider/resource-kernel";
import type { Refused } from "./azure-errors";
import { networkId, type AzureFacts } from "./emulated-azure-facts";

type Inner = Readonly<Record<string, unknown>>;
const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, name) => (inner as Inner | undefined)?.[name], value);

const wrong = (target: string, message: string): Refused => ({
  status: 400,
  code: "InvalidParameter",
  message: `${message} (target ${target})`,
});

const refusedNames = ["admin", "administrator", "root", "user", "test", "guest", "azure-never"];

/** Undefined = it takes it. */
export function problemIn(request: Properties, facts: AzureFacts): Refused | undefined {
  return (
    groupProblem(request, facts) ?? systemProblem(request) ?? marketProblem(request, facts) ?? restProblem(request)
  );
}

function groupProblem({ resourceGroupName, location }: Properties, facts: AzureFacts): Refused | undefined {
  if (!facts.resourceGroups.has(String(resourceGroupName))) {
    const message = `Resource group '${String(resourceGroupName)}' could not be found.`;
    return { status: 404, code: "ResourceGroupNotFound", message };
  }
  return location === undefined ? wrong("location", "The location property is required.") : undefined;
}

function systemProblem({ osProfile, vmName }: Properties): Refused | undefined {
  const { adminUsername, adminPassword, computerName, customData, windowsConfiguration } = osProfile as Inner;
  const linux = at(osProfile, "linuxConfiguration");
  if ((windowsConfiguration === undefined) === (linux === undefined)) {
    return wrong("osProfile", "Exactly one of linuxConfiguration and windowsConfiguration is needed here.");
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}[a-zA-Z0-9_]$|^[a-zA-Z0-9]$/.test(String(vmName)))
    return wrong("vmName", "Bad name.");
  const name = String(computerName);
  if (
    windowsConfiguration !== undefined &&
    (name.length > 15 || /^\d+$/.test(name) || /^-|-$|[^A-Za-z0-9-]/.test(name))
  ) {
    return wrong(
      "computerName",
      "Windows computer name cannot be more than 15 characters long or be entirely numeric.",
    );
  }
  if (refusedNames.includes(String(adminUsername))) {
    return wrong("adminUsername", "The Admin Username specified is not allowed.");
  }
  if (windowsConfiguration !== undefined && adminPassword === undefined) {
    return wrong("adminPassword", "The value of parameter adminPassword is invalid.");
  }
  const keys = at(linux, "ssh.publicKeys");
  const hasKey = Array.isArray(keys) && keys.length > 0;
  const isKeyed = at(linux, "disablePasswordAuthentication") === true;
  if (linux !== undefined && (isKeyed ? !hasKey : adminPassword === undefined)) {
    return wrong(
      "linuxConfiguration",
      "Authentication using either SSH or by user name and password must be enabled in Linux profile.",
    );
  }
  if (customData === undefined) return undefined;
  const bytes = Buffer.from(String(customData), "base64");
  const isBase64 = bytes.toString("base64") === customData;
  return isBase64 && bytes.length <= 65_535 ? undefined : wrong("customData", "Custom data is too long, or no base64.");
}

function marketProblem({ storageProfile, plan, hardwareProfile }: Properties, facts: AzureFacts): Refused | undefined {
  const image = at(storageProfile, "imageReference") as Readonly<Record<string, string>>;
  if (image["publisher"] === undefined) return undefined;
  const start = [image["publisher"], image["offer"], image["sku"], ""].join(":");
  const found = facts.images.find(({ urn }) => urn.startsWith(start));
  if (!found)
    return { status: 404, code: "PlatformImageNotFound", message: `The platform image '${start}' is not available.` };
  const size = facts.sizes.find(({ name }) => name === at(hardwareProfile, "vmSize"));
  const generation = String(found.properties["hyperVGeneration"]);
  if (size && !size.capabilities["HyperVGenerations"]?.split(",").includes(generation)) {
    const message = `The selected VM size '${size.name}' cannot boot Hypervisor Generation '${generation.slice(1)}'.`;
    return { status: 400, code: "BadRequest", message };
  }
  if (found.properties["plan"] !== undefined && plan === undefined) {
    const message = "Creating a virtual machine from Marketplace image requires Plan information in the request.";
    return { status: 400, code: "VMMarketplaceInvalidInput", message };
  }
  return undefined;
}

function restProblem(request: Properties): Refused | undefined {
  const { priority, evictionPolicy, billingProfile, tags, networkProfile } = request;
  if (priority !== "Spot" && (evictionPolicy !== undefined || billingProfile !== undefined)) {
    return wrong("evictionPolicy", "Eviction policy can be set only on Azure Spot Virtual Machines.");
  }
  if (Object.keys((tags ?? {}) as object).length > 50)
    return { status: 400, code: "InvalidTagNames", message: "Too many tags." };
  if (at(networkProfile, "networkApiVersion") === undefined) {
    return wrong("networkApiVersion", "Network API version is needed with networkInterfaceConfigurations.");
  }
  const interfaces = at(networkProfile, "networkInterfaceConfigurations") as readonly Inner[];
  for (const configuration of interfaces.flatMap((one) => one["ipConfigurations"] as readonly Inner[])) {
    const subnet = String(at(configuration, "subnet.id"));
    if (!subnet.toLowerCase().startsWith(`${networkId.toLowerCase()}/subnets/`)) {
      return { status: 400, code: "InvalidResourceReference", message: `Resource ${subnet} was not found.` };
    }
    const address = configuration["publicIPAddressConfiguration"];
    if (
      address !== undefined &&
      at(address, "sku.name") === "Standard" &&
      at(address, "publicIPAllocationMethod") !== "Static"
    ) {
      return {
        status: 400,
        code: "StandardSkuPublicIPAddressesMustBeStatic",
        message: "Standard sku publicIp must be static.",
      };
    }
  }
  return undefined;
}
