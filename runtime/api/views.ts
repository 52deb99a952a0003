/** The runtime's records as answers: nothing secret, and what a reader needs beside each. */
import { knownFacts, secretFields, type CloudCatalog, type DnsProviderFacts, type FactsByKind } from "../model/config";
import type { Lane, Node, Session, StoredDefinition } from "../model/state";
import { hidden, hideSecrets } from "../model/secret-paths";
import { SpecDigests } from "../planner/config/spec-digest";
import { definitionId } from "../model/changes";
import type { Snapshot } from "../model/snapshot";
import { without } from "../planner/lifecycle/transitions";
import type { DefinitionView, NodeView, SessionView } from "./contracts";
import type { LaneView } from "./lane-contracts";
import type { Progress } from "../planner/explain/progress";
import type { Leader } from "./backend";
import { shownDigestOf } from "./digest";

type Document = Readonly<Record<string, unknown>>;

/** Of one that can't be read only the name is shown: which of its fields are secret is not known. */
export function viewDefinition(
  definition: StoredDefinition,
  { catalog, ledger, apiKeySecret }: Pick<Leader, "catalog" | "ledger" | "apiKeySecret">,
): DefinitionView {
  const { kind, name, doc, owner, updatedAtMs } = definition;
  const found = ledger.state.unreadable.get(definitionId(kind, name));
  const shown = found ? { ...hideSettings(doc, undefined), name } : hideInDocument(definition, catalog);
  const problems = found ? { problems: [...found.problems] } : {};
  return { kind, name, doc: shown, digest: shownDigestOf(doc, apiKeySecret), owner, updatedAtMs, ...problems };
}

function hideInDocument({ kind, doc }: StoredDefinition, catalog: CloudCatalog): Record<string, unknown> {
  if (kind !== "vmProviderConfig" && kind !== "dnsProviderConfig") {
    const shown = hideSecrets(doc, secretFields[kind] ?? []) as Record<string, unknown>;
    const script = shown["startupScript"];
    // People write keys and passwords into scripts.
    return typeof script === "object" && script !== null
      ? { ...shown, startupScript: { ...script, text: hidden } }
      : shown;
  }
  const facts: FactsByKind<DnsProviderFacts> = kind === "vmProviderConfig" ? catalog.vm : catalog.dns;
  if (typeof doc["settings"] !== "object" || doc["settings"] === null) return { ...doc };
  return { ...doc, settings: hideSettings(doc["settings"] as Document, knownFacts(facts, String(doc["kind"]))) };
}

interface SecretFields {
  readonly secretFields: readonly string[];
}

/** Without facts of that cloud every value is hidden: what is not known might be secret. */
function hideSettings(settings: Document, facts: SecretFields | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      facts === undefined || facts.secretFields.includes(key) ? hidden : value,
    ]),
  );
}

/** Give the same `digests` for all nodes of a list. */
export function viewNode(
  node: Node,
  snapshot: Snapshot,
  catalog: CloudCatalog,
  digests = new SpecDigests(catalog),
): NodeView {
  // A digest over secrets is not shown: it could be tried against.
  const { spec, ...rest } = without(without(node, "fetchedScript"), "specDigest");
  return {
    ...rest,
    isOutdated: digests.isOutdated(node, snapshot),
    ...(spec
      ? {
          spec: {
            kind: spec.kind,
            osType: spec.osType,
            settings: hideSettings(spec.settings, knownFacts(catalog.vm, spec.kind)),
            ...(spec.dns
              ? {
                  dns: {
                    ...spec.dns,
                    settings: hideSettings(spec.dns.settings, knownFacts(catalog.dns, spec.dns.kind)),
                  },
                }
              : {}),
            ...(spec.computerRecord ? { computerRecord: without(spec.computerRecord, "joinPassword") } : {}),
          },
        }
      : {}),
    sessions: [...snapshot.sessionsOf(node.nodeId).keys()],
  };
}

export function viewLane(
  lane: Lane,
  { ledger, work, slotWaitOf }: Pick<Leader, "ledger" | "work" | "slotWaitOf">,
): LaneView {
  const { strangers, forgotten, ...rest } = lane;
  const retryAtMs = work?.retryAtMsOf(lane.laneId);
  const slot = slotWaitOf?.(lane.laneId);
  return {
    ...rest,
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
    ...(slot === undefined ? {} : { slot: { ...slot } }),
    ...(strangers === undefined ? {} : { strangers: [...strangers] }),
    ...(forgotten === undefined ? {} : { forgotten: [...forgotten] }),
    nodes: ledger.state.nodesOfLane(lane.laneId).size,
  };
}

export function viewSession(session: Session, snapshot: Snapshot, progress: Progress): SessionView {
  const { sessionId, status, workspace, userId, zone, reason, requestedAtMs, assignedAtMs, endedAtMs, endReason } =
    session;
  const { permissions, stagingConfig, stagedAtMs } = session;
  const node = session.nodeId === undefined ? undefined : snapshot.nodes.get(session.nodeId);
  const displayName = snapshot.workspaces.get(workspace)?.displayName;
  return {
    sessionId,
    status,
    workspace,
    ...(displayName === undefined ? {} : { displayName }),
    ...(userId === "" ? {} : { userId }),
    ...(zone === undefined ? {} : { zone }),
    ...progress,
    reason,
    ...(node ? { node: viewConnection(node) } : {}),
    requestedAtMs,
    ...(assignedAtMs === undefined ? {} : { assignedAtMs }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(endReason === undefined ? {} : { endReason }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(stagingConfig === undefined ? {} : { stagingConfig }),
    ...(stagedAtMs === undefined ? {} : { stagedAtMs }),
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
