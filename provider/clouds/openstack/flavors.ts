/** Sizes of VMs: what a flavor gives. */
import type { KnownSize } from "../../../runtime/model/account-check";
import type { Lookups } from "../../frame/lookups";
import type { OpenStackApi } from "./api";
import type { Thing } from "./checked-things";
import type { OpenStackSettings } from "./settings";

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly ram: number;
  /** GiB; 0 = as large as the image. */
  readonly disk: number;
  /** Absent in answers of older clouds, and where the project may not read them. */
  readonly extra_specs?: Readonly<Record<string, string>>;
}

/** Undefined = there is not exactly one, which is noted. */
export async function flavorOf(
  api: OpenStackApi,
  { flavor, flavorId }: OpenStackSettings,
  look: Lookups<Thing>,
): Promise<Flavor | undefined> {
  if (flavorId !== undefined) {
    return look.up("flavorId", flavorId, async (id) => {
      const path = `flavors/${encodeURIComponent(id)}`;
      return (await api.get<{ readonly flavor: Flavor }>("compute", path)).flavor;
    });
  }
  return look.up("flavor", flavor, async (wanted) => {
    const flavors = await api.list<Flavor>("compute", "flavors/detail", "flavors");
    const found = flavors.filter(({ name }) => name === wanted);
    if (found.length === 1) return found[0];
    const ids = found.map(({ id }) => id).join(", ");
    const text =
      found.length === 0
        ? "the project sees no flavor of this name; name another one"
        : `${found.length} flavors have this name (${ids}); name one by flavorId`;
    look.note("flavor", wanted, "wrong", text);
    return undefined;
  });
}

/** By the name that the settings give it. */
export function sizeIn({ vcpus, ram, extra_specs: specs = {} }: Flavor, settings: OpenStackSettings): KnownSize {
  const name = settings.flavor ?? settings.flavorId ?? "";
  return { name, shape: { cores: vcpus, memoryBytes: ram * 2 ** 20, gpus: gpusIn(specs) } };
}

/** Virtual GPUs, and devices that are passed through: those are GPUs as a rule, and a config says it where they are not. */
export function gpusIn(specs: Readonly<Record<string, string>>): number {
  const virtual = Object.entries(specs)
    .filter(([key]) => /^resources\d*:VGPU$/i.test(key))
    .map(([, count]) => Number(count));
  // "a1:2,b7:1": an alias of the cloud's, and how many.
  const aliases = (specs["pci_passthrough:alias"] ?? "").split(",").filter((alias) => alias.trim() !== "");
  const passed = aliases.map((alias) => Number(alias.split(":")[1] ?? 1));
  return [...virtual, ...passed].filter((count) => Number.isInteger(count)).reduce((sum, count) => sum + count, 0);
}
