/**
 * Which of several places of a template a new node tries, e.g. of the availability domains of a region. It goes where the last
 * one of its VM provider config came up; each failure since then moves it on by one, round and round. So a place that is full
 * costs one refusal, and not one for each node.
 */
import type { Settings } from "../model/accounts";
import type { Snapshot } from "../model/snapshot";
import type { Node, NodeStatus } from "../model/state";

export interface PlaceSources {
  readonly autoscaleConfig: string;
  readonly vmProvider: string;
  readonly snapshot: Pick<Snapshot, "nodes" | "configStates">;
}

/** Of nodes whose VM the cloud has made. */
const cameUp: ReadonlySet<NodeStatus> = new Set(["starting", "running", "missing", "draining"]);

/** @param field Of the template, with the list of places; the one to try stands first afterwards. Undefined = it has none. */
export function withPlaceToTry(template: Settings, field: string | undefined, sources: PlaceSources): Settings {
  const places: unknown = field === undefined ? undefined : template[field];
  if (field === undefined || !Array.isArray(places) || places.length < 2) return template;
  const { autoscaleConfig, vmProvider, snapshot } = sources;
  const last = lastPlace(snapshot.nodes.values(), vmProvider, field);
  const failures = snapshot.configStates.get(autoscaleConfig)?.failures?.[vmProvider]?.consecutiveFailures ?? 0;
  const at = (Math.max(0, places.indexOf(last)) + failures) % places.length;
  return { ...template, [field]: [...places.slice(at), ...places.slice(0, at)] as unknown[] };
}

function lastPlace(nodes: Iterable<Node>, vmProvider: string, field: string): unknown {
  let newest: Node | undefined;
  for (const node of nodes) {
    if (node.vmProvider !== vmProvider || !cameUp.has(node.status)) continue;
    if (newest === undefined || node.createdAtMs > newest.createdAtMs) newest = node;
  }
  const places = newest?.spec?.settings[field];
  return Array.isArray(places) ? (places[0] as unknown) : undefined;
}
