/** Asks a cluster about a token and about what a template names: namespace, disk, image, network, storage class, quotas. */
import type { AccountCheck, AccountFinding } from "../../../runtime/model/account-check";
import { ConfigError, messageOf } from "../../../runtime/model/errors";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { clusterOf } from "./access";
import { KubernetesApi, KubernetesError } from "./api";
import { compareQuotas, type QuotaObject } from "./check-quota";
import { claimProblems, imageProblem, type ClaimObject, type RunningVm } from "./check-disk";
import { clusterUid } from "./cluster-uid";
import { accountRefusal, refusalWords } from "./failures";
import { findImage } from "./image";
import { splitName } from "./names";
import type { KubeVirtSettings } from "./settings";
import { tokenTimes } from "./token";

type Thing =
  | "cluster"
  | "token"
  | "namespace"
  | "kubevirt"
  | "diskSource"
  | "diskImage"
  | "storageClass"
  | "network"
  | "quota"
  | "cdi";

const other = "make it, or name another one";

function thingsOf({ kubeconfig }: KubeVirtSettings): Readonly<Record<Thing, LookedUp>> {
  const [host, token] = kubeconfig === undefined ? ["host", "apiToken"] : ["kubeconfig", "kubeconfig"];
  return {
    token: { field: token, remedy: "check the roles of the service account", permission: "any" },
    cluster: { field: host, remedy: "name a cluster", permission: "get of the namespace kube-system" },
    namespace: {
      field: "namespace",
      remedy: `the cluster has no such namespace; ${other}`,
      permission: "get of the namespace",
    },
    kubevirt: {
      field: host,
      remedy: "the cluster has no KubeVirt; install it",
      permission: "get of /apis/kubevirt.io/v1",
    },
    cdi: {
      field: host,
      remedy: "the cluster has no Containerized Data Importer (CDI), which clones disks; install it",
      permission: "get of /apis/cdi.kubevirt.io/v1beta1",
    },
    diskSource: { field: "diskSource", remedy: `there is no such source; ${other}`, permission: "get of the source" },
    diskImage: {
      field: "diskImage",
      remedy: "name an image",
      permission: "list of virtualmachineimages.harvesterhci.io",
    },
    storageClass: {
      field: "storageClass",
      remedy: `the cluster has no such class; ${other}`,
      permission: "get of storageclasses.storage.k8s.io",
    },
    network: {
      field: "networkName",
      remedy: `there is no such NetworkAttachmentDefinition; ${other}`,
      permission: "get of network-attachment-definitions.k8s.cni.cncf.io",
    },
    quota: { field: "memory", remedy: "ask for less", permission: "list of resourcequotas" },
  };
}

export async function checkCluster(settings: KubeVirtSettings): Promise<AccountCheck> {
  const api = new KubernetesApi(clusterOf(settings));
  const { namespace } = settings;
  const look = new Lookups<Thing>(thingsOf(settings), refusalWords);
  try {
    await api.get("/version");
    noteRights(await rightsIn(api, namespace), settings, look);
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  noteTokenTimes(settings, look);
  const owner = await look.up("cluster", clusterOf(settings).server, () => clusterUid(api));
  const { server } = clusterOf(settings);
  const needsCdi = settings.diskSource !== undefined && settings.diskSourceType !== "containerDisk";
  await Promise.all([
    look.up("kubevirt", server, () => api.get("/apis/kubevirt.io/v1")),
    look.up("cdi", needsCdi ? server : undefined, () => api.get("/apis/cdi.kubevirt.io/v1beta1")),
    look.up("namespace", namespace, () => api.get(`/api/v1/namespaces/${namespace}`)),
    checkDisk(api, settings, look),
    look.up("storageClass", settings.storageClass, (name) => api.get(`/apis/storage.k8s.io/v1/storageclasses/${name}`)),
    settings.networkType === "multus" && settings.configOverride === undefined
      ? look.up("network", settings.networkName, (name) => api.get(networkPath(name, namespace)))
      : undefined,
    checkQuotas(api, settings, look),
  ]);
  const identity = owner === undefined ? {} : { identity: { owner, name: tokenTimes(settings).subject } };
  return { ...identity, findings: look.findings() };
}

function networkPath(name: string, own: string): string {
  const found = splitName(name, own);
  return `/apis/k8s.cni.cncf.io/v1/namespaces/${found.namespace}/network-attachment-definitions/${found.name}`;
}

function refusedAccount(message: string, settings: KubeVirtSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  if (refusal !== undefined) return refusal;
  const field = settings.kubeconfig === undefined ? "host" : "kubeconfig";
  return { kind: "passing", field, text: `${field}: the cluster could not be asked: ${refusalWords.saidIn(message)}` };
}

interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

/** What nodes can't be made, watched or deleted without. */
const rightsWanted: readonly Right[] = [
  ...["create", "delete", "get", "list", "patch", "watch"].map((verb) => ({
    verb,
    group: "kubevirt.io",
    resource: "virtualmachines",
  })),
  { verb: "get", group: "kubevirt.io", resource: "virtualmachineinstances" },
  ...["create", "delete", "get", "patch"].map((verb) => ({ verb, group: "", resource: "secrets" })),
];

/** Those that the token lacks. Everybody may ask for their own. */
async function rightsIn(api: KubernetesApi, namespace: string): Promise<Right[]> {
  const answers = await Promise.all(
    rightsWanted.map(async ({ verb, group, resource }) => {
      const review = await api.ask<{ readonly status?: { readonly allowed?: boolean } }>(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes: { namespace, verb, group, resource } },
        },
      );
      return review.status?.allowed === true ? [] : [{ verb, group, resource }];
    }),
  );
  return answers.flat();
}

function noteRights(lacking: readonly Right[], settings: KubeVirtSettings, look: Lookups<Thing>): void {
  if (lacking.length === 0) return;
  const words = lacking.map(({ verb, group, resource }) => `${verb} of ${resource}${group === "" ? "" : `.${group}`}`);
  look.note(
    "token",
    tokenTimes(settings).subject,
    "wrong",
    `it lacks ${words.join(", ")} in namespace "${settings.namespace}"; add them to its role`,
  );
}

const warnedMsBefore = 7 * 86_400_000;

function noteTokenTimes(settings: KubeVirtSettings, look: Lookups<Thing>): void {
  const { subject, endsAtMs } = tokenTimes(settings);
  if (endsAtMs === undefined || endsAtMs - Date.now() > warnedMsBefore) return;
  const at = new Date(endsAtMs).toISOString();
  look.note(
    "token",
    subject,
    "wrong",
    `its time ends at ${at}; use the token of a secret of type kubernetes.io/service-account-token, which does not end`,
  );
}

async function checkDisk(api: KubernetesApi, settings: KubeVirtSettings, look: Lookups<Thing>): Promise<void> {
  const { diskImage, diskSource, diskSourceType, namespace, diskSize, configOverride } = settings;
  if (configOverride !== undefined || diskSourceType === "containerDisk") return;
  const note = (thing: "diskSource" | "diskImage") => (text: string) =>
    look.note(thing, thing === "diskSource" ? diskSource! : diskImage!, "wrong", text);
  await look.up("diskImage", diskImage, async (name) => {
    try {
      const { image } = await findImage(api, name, namespace);
      const problem = imageProblem(image, diskSize);
      if (problem !== undefined) note("diskImage")(problem);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      note("diskImage")(error.message.replace(/^.*?"[^"]*": /s, ""));
    }
  });
  await look.up("diskSource", diskSource, async (name) => {
    const source = splitName(name, namespace);
    const base = sourcePath(diskSourceType, source.namespace);
    const found = await api.get<ClaimObject>(`${base}/${source.name}`);
    if (diskSourceType !== "pvc") return;
    const running = await runningIn(api, source.namespace);
    for (const problem of claimProblems(found, { diskSize, running })) note("diskSource")(problem);
  });
}

function sourcePath(type: Exclude<KubeVirtSettings["diskSourceType"], "containerDisk">, namespace: string): string {
  const lists = {
    pvc: ["/api/v1", "persistentvolumeclaims"],
    snapshot: ["/apis/snapshot.storage.k8s.io/v1", "volumesnapshots"],
    dataSource: ["/apis/cdi.kubevirt.io/v1beta1", "datasources"],
  } as const;
  const [group, list] = lists[type];
  return `${group}/namespaces/${namespace}/${list}`;
}

/** Whoever may not look there gets no word of who uses the disk. */
async function runningIn(api: KubernetesApi, namespace: string): Promise<RunningVm[]> {
  try {
    return await api.list<RunningVm>(`/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachineinstances`);
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return [];
    throw error;
  }
}

async function checkQuotas(api: KubernetesApi, settings: KubeVirtSettings, look: Lookups<Thing>): Promise<void> {
  const { namespace, memory } = settings;
  const value = memory === undefined ? undefined : `${memory / 2 ** 20} MiB`;
  await look.up("quota", value, async (said) => {
    const quotas = await api.list<QuotaObject>(`/api/v1/namespaces/${namespace}/resourcequotas`);
    for (const text of compareQuotas(quotas, settings)) look.note("quota", said, "wrong", text);
  });
}
