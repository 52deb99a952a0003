/** What a node offers, what is left of it, and whether a session's needs fit. */
import type { AutoscaleConfig, CloudCatalog, Workspace } from "../model/config";
import { boundReport, wholeShape, type PartialShape } from "../model/shapes";
import type { Node, Session, Shape } from "../model/state";
import { subtractCores, type NodeUsage } from "../model/usage";
import type { Snapshot } from "../store/hot-state";

/** Where a config's shape can be read from. */
export type ShapeSource = Pick<Snapshot, "vmProviderConfigs" | "nodesOfConfig" | "accountChecks">;

/** What is known of a config's next node on one VM provider config. */
export interface KnownShape {
  readonly declared: PartialShape;
  /** What its size has, by the cloud's word. */
  readonly size: PartialShape | undefined;
  readonly reported: PartialShape | undefined;
}

/** `specDigest`: of a new node; what nodes of another one reported says nothing about it. */
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
 * What no node's word changes: each override (0 = none), else what the settings themselves say. Each counts for its own
 * dimension only.
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

/** What the settings say that their VMs have, if they say so. */
export function shapeOfSize(
  name: string,
  snapshot: Pick<ShapeSource, "vmProviderConfigs">,
  catalog: CloudCatalog,
): Shape | undefined {
  const vmProvider = snapshot.vmProviderConfigs.get(name);
  if (!vmProvider) return undefined;
  const facts = catalog.vm[vmProvider.kind];
  const settings = facts.settings.safeParse(vmProvider.settings);
  return settings.success ? facts.shape(settings.data) : undefined;
}

/** What the size of the settings has, if the cloud was asked: the most that a guest of it can have. */
export function checkedSize(
  name: string,
  snapshot: Pick<ShapeSource, "vmProviderConfigs" | "accountChecks">,
  catalog: CloudCatalog,
): Shape | undefined {
  const vmProvider = snapshot.vmProviderConfigs.get(name);
  const size = snapshot.accountChecks.get(name)?.size;
  if (!vmProvider || !size) return undefined;
  const facts = catalog.vm[vmProvider.kind];
  const settings = facts.settings.safeParse(vmProvider.settings);
  if (!settings.success) return undefined;
  return facts.sizeOf?.(settings.data) === size.name ? size.shape : undefined;
}

/** What the newest node that reported has; while none has, what was thought of the newest. */
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
  // It was born before its size was known better.
  return size === undefined ? newest?.shape : undefined;
}

function isOfSpec(node: Node, specDigest: string | undefined): boolean {
  return specDigest === undefined || node.specDigest === undefined || node.specDigest === specDigest;
}

/** Newest first; ids break ties, so that every order of insertion gives the same answer. */
export function isNewer(a: Node, b: Node): boolean {
  return a.createdAtMs !== b.createdAtMs ? a.createdAtMs > b.createdAtMs : a.nodeId > b.nodeId;
}

/** True when an empty node of this shape could run the session. */
export function fitsShape(needs: Shape, shape: Shape): boolean {
  return needs.cores <= shape.cores && needs.memoryBytes <= shape.memoryBytes && needs.gpus <= shape.gpus;
}

/** What is left; 0 of what a node has too little of because its shape turned out smaller than expected. */
export function freeShape(shape: Shape, usage: Shape): Shape {
  return {
    cores: Math.max(0, subtractCores(shape.cores, usage.cores)),
    memoryBytes: Math.max(0, shape.memoryBytes - usage.memoryBytes),
    gpus: Math.max(0, shape.gpus - usage.gpus),
  };
}

export function needsOf({ cores, memory, gpus }: Workspace): Shape {
  return { cores, memoryBytes: memory, gpus };
}

/** True for nodes of server pools: they count sessions and users, not cores. */
export function isServer(node: Node): boolean {
  return node.sessionsMax !== undefined;
}

/**
 * Sessions that a server can take at this moment: the lower of sessions left and users left, because each new session
 * is assumed to bring a new user. Example: 20 sessions, 2 users, one user with 10 sessions on it → 1.
 */
export function freeServerSessions(node: Node, usage: NodeUsage): number {
  return Math.min(freeJoins(node, usage), freeUsers(node, usage));
}

/** Sessions that a server can take of users who are on it already; of a non-reusable one that was used, none. */
export function freeJoins(node: Node, usage: NodeUsage): number {
  if (node.isReusable === false && (node.hasServed || usage.pinned > 0)) return 0;
  return Math.max(0, (node.sessionsMax ?? 1) - usage.sessions);
}

export function freeUsers(node: Node, usage: NodeUsage): number {
  return Math.max(0, (node.usersMax ?? 1) - usage.userIds.size);
}

/** True for a non-reusable server whose session is over: it leaves and never comes back. */
export function isUsedUp(node: Node, usage: NodeUsage): boolean {
  return node.isReusable === false && node.hasServed === true && usage.pinned === 0;
}

/** What a session asks of a node. */
export type Wish = Pick<Session, "needs" | "userId" | "isRemoteApp">;

/** Whether the session fits on the node now. */
export function hasRoom(node: Node, usage: NodeUsage, wish: Wish): boolean {
  if (isServer(node)) return hasServerRoom(node, usage, wish);
  const { needs } = wish;
  if (!node.shape) return false;
  return (
    needs.memoryBytes <= node.shape.memoryBytes - usage.memoryBytes &&
    needs.gpus <= node.shape.gpus - usage.gpus &&
    needs.cores <= subtractCores(node.shape.cores, usage.cores)
  );
}

/**
 * A server takes at most one full desktop per user, and any number of RemoteApps beside it. A session of a user who is on
 * the server already takes a session and no user slot.
 */
function hasServerRoom(node: Node, usage: NodeUsage, { needs, userId, isRemoteApp }: Wish): boolean {
  if (node.shape && !fitsShape(needs, node.shape)) return false;
  if (!isRemoteApp && usage.desktopUserIds.has(userId)) return false;
  return (usage.userIds.has(userId) ? freeJoins(node, usage) : freeServerSessions(node, usage)) > 0;
}

/** Share of the node that is taken, 0 to 1 and above: its fullest dimension. Servers count sessions. */
export function loadOf(node: Node, usage: NodeUsage): number {
  if (isServer(node)) return usage.sessions / (node.sessionsMax ?? 1);
  const { cores = 0, memoryBytes = 0, gpus = 0 } = node.shape ?? {};
  const share = (used: number, has: number) => (has > 0 ? used / has : 0);
  return Math.max(share(usage.cores, cores), share(usage.memoryBytes, memoryBytes), share(usage.gpus, gpus));
}
