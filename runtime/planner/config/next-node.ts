/** What one more node of a config would offer. */
import { nodeConnectionOf } from "../../model/connection";
import { factsOf, type AutoscaleConfig, type CloudCatalog, type ServerAutoscaleConfig } from "../../model/config";
import { boundReport, type PartialShape, type Shape, wholeShape } from "../../model/shapes";
import type { Snapshot } from "../../model/snapshot";
import type { Node } from "../../model/state";
import { isNewer } from "../../model/node-order";

/** What of the state is read for the shape of a config's next node. */
export type ShapeSource = Pick<Snapshot, "vmProviderConfigs" | "nodesOfConfig" | "accountChecks">;

/** What is known of a config's next node on one VM provider config. */
export interface KnownShape {
  readonly declared: PartialShape;
  /** What the cloud says that its VM size has; undefined before the cloud was asked. */
  readonly size: PartialShape | undefined;
  readonly reported: PartialShape | undefined;
}

/** @param specDigest Of the new node: what nodes with another digest reported is left out. Undefined = every report counts. */
export function knownShape(
  config: AutoscaleConfig,
  snapshot: ShapeSource,
  catalog: CloudCatalog,
  { vmProvider, specDigest }: { readonly vmProvider: string; readonly specDigest: string | undefined },
): KnownShape {
  const declared = declaredShape(config, snapshot, catalog, vmProvider);
  const size = checkedSize(vmProvider, snapshot, catalog);
  return { declared, size, reported: reportedShape(config, vmProvider, snapshot, { specDigest, size }) };
}

/**
 * What one node of a config offers on one of its VM provider configs: each override, else what the newest such node
 * reported, up to what its size has, else that; undefined until both cores and memory are known.
 */
export function shapeOfConfig(
  config: AutoscaleConfig,
  snapshot: ShapeSource,
  catalog: CloudCatalog,
  vmProvider = config.vmProvider,
  specDigest?: string,
): Shape | undefined {
  const { declared, size, reported } = knownShape(config, snapshot, catalog, { vmProvider, specDigest });
  return wholeShape({ ...size, ...reported, ...declared });
}

/**
 * What is declared, which no report of a node changes: each override (0 = none), else what the settings say. An override
 * counts for its own dimension only.
 */
export function declaredShape(
  { coresOverride, memoryOverride, gpusOverride, ...config }: AutoscaleConfig,
  snapshot: Pick<ShapeSource, "vmProviderConfigs">,
  catalog: CloudCatalog,
  vmProvider = config.vmProvider,
): PartialShape {
  return {
    ...shapeOfSize(vmProvider, snapshot, catalog),
    ...(coresOverride > 0 ? { cores: coresOverride } : {}),
    ...(memoryOverride > 0 ? { memoryBytes: memoryOverride } : {}),
    ...(gpusOverride > 0 ? { gpus: gpusOverride } : {}),
  };
}

/** What the settings say that their VMs have; undefined where they don't say. */
export function shapeOfSize(
  name: string,
  snapshot: Pick<ShapeSource, "vmProviderConfigs">,
  catalog: CloudCatalog,
): Shape | undefined {
  const vmProvider = snapshot.vmProviderConfigs.get(name);
  if (!vmProvider) return undefined;
  const facts = factsOf(catalog.vm, vmProvider.kind);
  const settings = facts.settings.safeParse(vmProvider.settings);
  return settings.success ? facts.shape(settings.data) : undefined;
}

/** What the cloud says that the VM size of the settings has, the most that a node can have; undefined before it was asked. */
export function checkedSize(
  name: string,
  snapshot: Pick<ShapeSource, "vmProviderConfigs" | "accountChecks">,
  catalog: CloudCatalog,
): Shape | undefined {
  const vmProvider = snapshot.vmProviderConfigs.get(name);
  const size = snapshot.accountChecks.get(name)?.size;
  if (!vmProvider || !size) return undefined;
  const facts = factsOf(catalog.vm, vmProvider.kind);
  const settings = facts.settings.safeParse(vmProvider.settings);
  if (!settings.success) return undefined;
  return facts.sizeOf?.(settings.data) === size.name ? size.shape : undefined;
}

/** What the newest node that reported has; while none has reported, the shape that the newest node was taken to have. */
function reportedShape(
  config: AutoscaleConfig,
  vmProvider: string,
  snapshot: Pick<ShapeSource, "nodesOfConfig">,
  { specDigest, size }: { readonly specDigest?: string | undefined; readonly size?: PartialShape | undefined } = {},
): PartialShape | undefined {
  let reporter: Node | undefined;
  let newest: Node | undefined;
  for (const node of snapshot.nodesOfConfig(config.name).values()) {
    if (node.vmProvider !== vmProvider || !isOfSpec(node, specDigest)) continue;
    if (node.reported && (!reporter || isNewer(node, reporter))) reporter = node;
    if (node.shape && (!newest || isNewer(node, newest))) newest = node;
  }
  if (reporter?.reported) return boundReport(reporter.reported, size);
  // That node was made before the cloud told what its size has.
  return size === undefined ? newest?.shape : undefined;
}

function isOfSpec(node: Node, specDigest: string | undefined): boolean {
  return specDigest === undefined || node.specDigest === undefined || node.specDigest === specDigest;
}

/** How much a server of this config takes: a non-reusable one serves one session. */
export function serverLimitsOf(config: ServerAutoscaleConfig) {
  const { reusable, maxSimultaneousSessionsPerServer, maxSimultaneousUsers } = config;
  return {
    sessionsMax: reusable ? maxSimultaneousSessionsPerServer : 1,
    usersMax: reusable ? maxSimultaneousUsers : 1,
    isReusable: reusable,
    connection: nodeConnectionOf(config),
  };
}
