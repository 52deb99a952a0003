/** Whether one VM fits into the quotas of its namespace at all. What is in use now comes and goes, so only limits count. Pure. */
import type { KubernetesObject } from "./api";
import { quantityOf } from "./names";
import type { KubeVirtSettings } from "./settings";

export interface QuotaObject extends KubernetesObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
}

const mib = 2 ** 20;
const gib = 2 ** 30;

/**
 * What KubeVirt's processes for one VM take beside its memory: a fixed part, some for each vCPU, and a part of the memory for
 * page tables. KubeVirt's own sum differs by version and devices; users saw some 260 to 400 MiB.
 */
export function memoryOverhead({ cores = 1, memory = 0 }: Pick<KubeVirtSettings, "cores" | "memory">): number {
  return 240 * mib + cores * 8 * mib + memory / 512;
}

/** One sentence for each limit that not even the first VM keeps. */
export function compareQuotas(quotas: readonly QuotaObject[], settings: KubeVirtSettings): string[] {
  const { memory, diskSize, cores } = settings;
  const overhead = memoryOverhead(settings);
  const wants: Readonly<Record<string, number | undefined>> = {
    "limits.memory": memory === undefined ? undefined : memory + overhead,
    "requests.memory": memory === undefined ? undefined : memory + overhead,
    memory: memory === undefined ? undefined : memory + overhead,
    "limits.cpu": settings.flavor === "harvester" ? cores : undefined,
    "requests.storage": diskSize === undefined ? undefined : diskSize * gib,
  };
  return quotas.flatMap(({ metadata, spec }) =>
    Object.entries(spec?.hard ?? {}).flatMap(([name, text]) => {
      const [wanted, limit] = [wants[name], quantityOf(text)];
      if (wanted === undefined || limit === undefined || wanted <= limit) return [];
      const asked = name.endsWith("memory")
        ? `one VM takes some ${Math.ceil(wanted / mib)} MiB with what KubeVirt itself needs for it`
        : `one VM takes ${name.endsWith("storage") ? `${diskSize} GiB` : wanted}`;
      return [`${asked}, and quota "${metadata.name}" allows ${name} of ${text}; raise it, or ask for less`];
    }),
  );
}
