/** What Azure tells of a VM size in one region. */
import type { Shape } from "../../../runtime/model/shapes";
import type { ArmApi } from "./arm";

export interface SizeFacts {
  readonly shape: Shape;
  /** Why the subscription gets none there at all; undefined = it does. */
  readonly restriction?: string;
  /** Zones that have it for this subscription. */
  readonly zones: readonly string[];
  /** `V1`, `V2`; empty = not told. */
  readonly generations: readonly string[];
  /** `x64` or `Arm64`. */
  readonly architecture?: string;
  /** What is told of a feature, e.g. `PremiumIO`; undefined = nothing. */
  has(feature: string): boolean | undefined;
}

interface Sku {
  readonly resourceType?: string;
  readonly name?: string;
  readonly capabilities?: readonly { readonly name?: string; readonly value?: string }[];
  readonly locationInfo?: readonly { readonly zones?: readonly string[] }[];
  readonly restrictions?: readonly {
    readonly type?: string;
    readonly reasonCode?: string;
    readonly restrictionInfo?: { readonly zones?: readonly string[] };
  }[];
}

const skusVersion = "2021-07-01";

/** Undefined: the region has no size of this name. The list is that of all sizes: Azure has none of a single one. */
export async function askSize(api: ArmApi, region: string, name: string): Promise<SizeFacts | undefined> {
  const skus = await api.list<Sku>("/providers/Microsoft.Compute/skus", skusVersion, {
    $filter: `location eq '${region}'`,
  });
  const found = skus.find(
    (sku) => sku.resourceType === "virtualMachines" && sku.name?.toLowerCase() === name.toLowerCase(),
  );
  return found && factsOf(found);
}

function factsOf({ capabilities = [], locationInfo = [], restrictions = [] }: Sku): SizeFacts {
  const values = new Map(capabilities.map(({ name = "", value = "" }) => [name, value]));
  const number = (name: string): number => Number(values.get(name) ?? 0);
  const closed = restrictions.flatMap(({ type, restrictionInfo }) =>
    type === "Zone" ? (restrictionInfo?.zones ?? []) : [],
  );
  const restriction = restrictions.find(({ type }) => type === "Location")?.reasonCode;
  const architecture = values.get("CpuArchitectureType");
  return {
    shape: {
      // Of a constrained size only some of its cores are there.
      cores: number("vCPUsAvailable") || number("vCPUs"),
      memoryBytes: Math.round(number("MemoryGB") * 2 ** 30),
      gpus: Math.floor(number("GPUs")),
    },
    ...(restriction === undefined ? {} : { restriction }),
    zones: locationInfo.flatMap(({ zones = [] }) => zones).filter((zone) => !closed.includes(zone)),
    generations: (values.get("HyperVGenerations") ?? "").split(",").filter((generation) => generation !== ""),
    ...(architecture === undefined ? {} : { architecture }),
    has(feature) {
      const value = values.get(feature);
      return value === undefined ? undefined : value.toLowerCase() === "true";
    },
  };
}
