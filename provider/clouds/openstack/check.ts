/** Asks an OpenStack cloud about a way in, and about what a template names: flavor, image, network, groups, key, volume type. */
import type { AccountCheck, AccountFinding } from "../../../runtime/model/account-check";
import { messageOf } from "../../../runtime/model/errors";
import { identityKeysMax } from "../../frame/identity";
import { Lookups } from "../../frame/lookups";
import { OpenStackApi, OpenStackError, type Login } from "./api";
import { things, type Thing } from "./checked-things";
import { accountRefusal, refusalWords, wayInOf } from "./failures";
import { flavorOf, sizeIn } from "./flavors";
import { checkFit, imageOf } from "./images";
import { checkGroups, checkNetwork } from "./networks";
import type { OpenStackSettings } from "./settings";

export async function checkOpenStack(settings: OpenStackSettings): Promise<AccountCheck> {
  const api = new OpenStackApi(settings);
  let login: Login;
  try {
    login = await api.login();
    // A region that is not there has no services at all.
    await api.addressOf("compute");
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  const identity = { owner: login.project.id, name: `${login.user.name} in project ${login.project.name}` };
  const look = new Lookups<Thing>(things, refusalWords);
  const isKnownVersion = await checkLimits(api, settings, look);
  // Nova refuses every question then, whatever it is about.
  if (!isKnownVersion) return { identity, findings: look.findings() };
  const [flavor, image] = await Promise.all([
    flavorOf(api, settings, look),
    imageOf(api, settings, look),
    checkNetwork(api, settings, look),
    checkGroups(api, login, settings, look),
    look.up("key", settings.keyName, (key) => api.get("compute", `os-keypairs/${encodeURIComponent(key)}`)),
    look.up("zone", settings.availabilityZone, (zone) => checkZone(api, zone, look)),
    look.up("volumeType", settings.volumeType, (type) => checkVolumeType(api, type, look)),
  ]);
  if (flavor !== undefined) checkFit(settings, flavor, image, look);
  return {
    identity,
    findings: [...roleFindings(login, settings), ...look.findings()],
    ...(flavor && { size: sizeIn(flavor, settings) }),
  };
}

function refusedAccount(message: string, settings: OpenStackSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  if (refusal !== undefined) return refusal;
  const field = "authUrl";
  const text = `${field}: the cloud could not be asked: ${refusalWords.saidIn(message)}`;
  return { kind: refusalWords.kindOf(message) === "passing" ? "passing" : "wrong", field, text };
}

/** Who may only read makes no VM. Other roles are a cloud's own, and say nothing here. */
function roleFindings({ roles }: Login, settings: OpenStackSettings): AccountFinding[] {
  if (roles.length === 0 || !roles.every((role) => /^reader$/i.test(role))) return [];
  const field = wayInOf(settings);
  const text = `${field}: it has only the role reader in the project, which makes no VMs; give it the role member`;
  return [{ kind: "wrong", field, text }];
}

interface Limits {
  readonly limits: { readonly absolute: Readonly<Record<string, number | undefined>> };
}

/** False when the cloud does not have the microversion of the settings. */
async function checkLimits(
  api: OpenStackApi,
  { novaVersion, metadata }: OpenStackSettings,
  look: Lookups<Thing>,
): Promise<boolean> {
  let isKnownVersion = true;
  await look.up("nova", novaVersion, async () => {
    try {
      const { maxServerMeta = -1 } = (await api.get<Limits>("compute", "limits")).limits.absolute;
      const entries = Object.keys(metadata).length + identityKeysMax;
      // -1 = as many as one likes.
      if (maxServerMeta >= 0 && entries > maxServerMeta) {
        const text = `the project takes ${maxServerMeta} entries on a VM, and with those that say whose it is there are ${entries}; have fewer`;
        look.note("metadata", Object.keys(metadata).join(", "), "wrong", text);
      }
    } catch (error) {
      isKnownVersion = !(error instanceof OpenStackError && error.status === 406);
      throw error;
    }
  });
  return isKnownVersion;
}

async function checkZone(api: OpenStackApi, wanted: string, look: Lookups<Thing>): Promise<void> {
  interface Zones {
    readonly availabilityZoneInfo: readonly {
      readonly zoneName: string;
      readonly zoneState?: { readonly available?: boolean };
    }[];
  }
  const { availabilityZoneInfo: zones } = await api.get<Zones>("compute", "os-availability-zone");
  const found = zones.find(({ zoneName }) => zoneName === wanted);
  const known = zones.map(({ zoneName }) => zoneName).join(", ");
  if (found === undefined) look.note("zone", wanted, "wrong", `there is no such availability zone; there are ${known}`);
  else if (found.zoneState?.available === false) look.note("zone", wanted, "passing", "the zone is not available now");
}

async function checkVolumeType(api: OpenStackApi, wanted: string, look: Lookups<Thing>): Promise<void> {
  const types = await api.list<{ id: string; name: string }>("volume", "types", "volume_types");
  if (types.some(({ id, name }) => id === wanted || name === wanted)) return;
  const known = types.map(({ name }) => name).join(", ");
  look.note("volumeType", wanted, "wrong", `there is no such volume type; there are ${known}`);
}
