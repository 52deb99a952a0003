/** The template that VMs are cloned from, by its name. */
import { CloudError } from "../../../runtime/model/errors";
import type { ProxmoxApi } from "./api";

interface VmOfNode {
  readonly vmid: number;
  readonly name?: string;
  /** Absent or empty for what is no template. */
  readonly template?: number | string;
}

export interface TemplateName {
  readonly templateName: string;
  /** Node of the cluster that has it. */
  readonly clusterNode: string;
}

export interface Template {
  readonly templateId: number;
  /** How its processors look to a guest. A clone would get the provider's oldest type if this were not said again. */
  readonly cpu: TemplateCpu;
}

export interface TemplateCpu {
  readonly type: string;
  readonly flags: readonly string[];
  readonly numa: boolean;
}

/** @throws CloudError (CONFIG) when no template or more than one has the name. */
export async function findTemplate(api: ProxmoxApi, { templateName, clusterNode }: TemplateName): Promise<Template> {
  const vms = await api.get<VmOfNode[]>(`/nodes/${clusterNode}/qemu`);
  const named = vms.filter(({ name }) => name === templateName);
  const [template, ...others] = named.filter((vm) => Number(vm.template ?? 0) === 1);
  const fail = (text: string): never => {
    throw new CloudError("CONFIG", `ProxmoxTemplate: templateName "${templateName}": ${text}`);
  };
  if (template === undefined) {
    const [vm] = named;
    if (vm !== undefined)
      fail(`VM ${vm.vmid} on node "${clusterNode}" has this name but is no template; convert it to one`);
    return fail(
      `node "${clusterNode}" has no template of this name that the API token may see; make it there, or name another one`,
    );
  }
  if (others.length > 0) {
    const ids = [template, ...others].map(({ vmid }) => vmid).sort((a, b) => a - b);
    fail(`node "${clusterNode}" has ${ids.length} templates of this name (${ids.join(", ")}); rename all but one`);
  }
  const config = await api.get<{ readonly cpu?: string; readonly numa?: number }>(
    `/nodes/${clusterNode}/qemu/${template.vmid}/config`,
  );
  return { templateId: template.vmid, cpu: { ...cpuOf(config.cpu), numa: Number(config.numa ?? 0) === 1 } };
}

/** @example cpuOf("host,flags=+aes;-pcid") // { type: "host", flags: ["+aes", "-pcid"] } */
export function cpuOf(text = "kvm64"): Pick<TemplateCpu, "type" | "flags"> {
  const parts = text.split(",");
  const valueOf = (name: string) => parts.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
  const type = valueOf("cputype") ?? parts.find((part) => !part.includes("="));
  return { type: type ?? "kvm64", flags: valueOf("flags")?.split(";") ?? [] };
}
