/** The runtime's records as answers: nothing secret, and what a reader needs beside each. */
import type { CloudCatalog } from "../model/config";
import type { Lane, Node, Session, StoredDefinition } from "../model/state";
import type { Snapshot } from "../store/hot-state";
import type { DefinitionView, LaneView, NodeView, SessionView } from "./contracts";
import { digestOf } from "./digest";

const hidden = "[secret]";

type Document = Readonly<Record<string, unknown>>;

export function viewDefinition(definition: StoredDefinition, catalog: CloudCatalog): DefinitionView {
  const { kind, name, doc, owner, updatedAtMs } = definition;
  return { kind, name, doc: hideSettings(definition, catalog), digest: digestOf(doc), owner, updatedAtMs };
}

function hideSettings({ kind, doc }: StoredDefinition, catalog: CloudCatalog): Record<string, unknown> {
  if (kind !== "vmProviderConfig" && kind !== "dnsProviderConfig") return { ...doc };
  const facts = (kind === "vmProviderConfig" ? catalog.vm : catalog.dns) as Readonly<Record<string, SecretFields>>;
  if (typeof doc["settings"] !== "object" || doc["settings"] === null) return { ...doc };
  return { ...doc, settings: hideSecrets(doc["settings"] as Document, facts[String(doc["kind"])]) };
}

interface SecretFields {
  readonly secretFields: readonly string[];
}

/** Without facts of that cloud every value is hidden: what is not known might be secret. */
function hideSecrets(settings: Document, facts: SecretFields | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      facts === undefined || facts.secretFields.includes(key) ? hidden : value,
    ]),
  );
}

export function viewNode(node: Node, snapshot: Snapshot, catalog: CloudCatalog): NodeView {
  const { spec, ...rest } = node;
  return {
    ...rest,
    ...(spec
      ? {
          spec: {
            kind: spec.kind,
            osType: spec.osType,
            settings: hideSecrets(spec.settings, catalog.vm[spec.kind]),
            ...(spec.dns
              ? { dns: { ...spec.dns, settings: hideSecrets(spec.dns.settings, catalog.dns[spec.dns.kind]) } }
              : {}),
          },
        }
      : {}),
    sessions: [...snapshot.sessionsOf(node.nodeId)].map((session) => session.sessionId),
  };
}

export function viewLane(lane: Lane, nodes: number): LaneView {
  return { ...lane, nodes };
}

/** `position` is given where the caller knows it already, for lists. */
export function viewSession(session: Session, snapshot: Snapshot, position?: number): SessionView {
  const { sessionId, status, workspace, userId, zone, reason, requestedAtMs, assignedAtMs, endedAtMs, endReason } =
    session;
  const node = session.nodeId === undefined ? undefined : snapshot.nodes.get(session.nodeId);
  const place = status === "queued" ? (position ?? snapshot.queue().indexOf(session) + 1) : 0;
  const phase = phaseOf(session, snapshot);
  return {
    sessionId,
    status,
    workspace,
    userId,
    ...(zone === undefined ? {} : { zone }),
    ...(place > 0 ? { position: place } : {}),
    ...(phase === undefined ? {} : { phase }),
    reason,
    ...(node ? { node: viewConnection(node) } : {}),
    requestedAtMs,
    ...(assignedAtMs === undefined ? {} : { assignedAtMs }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(endReason === undefined ? {} : { endReason }),
  };
}

function viewConnection(node: Node): NonNullable<SessionView["node"]> {
  const { nodeId, address, connectionPort, dnsName } = node;
  return {
    nodeId,
    ...(address === undefined ? {} : { address }),
    ...(connectionPort === undefined ? {} : { connectionPort }),
    ...(dnsName === undefined ? {} : { dnsName }),
  };
}

/**
 * What the requester waits for: `queued` → `provisioning n/m` (n of m coming nodes exist) → `waiting for check-in p%`
 * (the furthest of them) → `starting` once assigned.
 */
function phaseOf(session: Session, snapshot: Snapshot): string | undefined {
  if (session.status === "assigned") return "starting";
  if (session.status !== "queued") return undefined;
  let coming = 0;
  let existing = 0;
  let percent = 0;
  for (const node of nodesFor(session, snapshot)) {
    if (node.status === "requested" || node.status === "provisioning") coming += 1;
    if (node.status !== "starting") continue;
    coming += 1;
    existing += 1;
    percent = Math.max(percent, node.progressPercent ?? 0);
  }
  if (coming === 0) return "queued";
  return existing === 0 || existing < coming
    ? `provisioning ${existing}/${coming}`
    : `waiting for check-in ${Math.round(percent)}%`;
}

/** Nodes of the pools and zones where the session may be placed. */
function* nodesFor(session: Session, snapshot: Snapshot): Iterable<Node> {
  const pools = snapshot.workspaces.get(session.workspace)?.pools ?? [];
  const zones = session.zone === undefined ? [...snapshot.zones.keys()] : [session.zone];
  for (const pool of pools) {
    for (const zone of zones) yield* snapshot.nodesIn(pool, zone).values();
  }
}
