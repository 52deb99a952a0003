/** What the stored documents declare, by kind and name; and those that this version can't read. */
import { definitionId } from "../model/changes";
import { parseDefinition, type AutoscaleConfig, type DefinitionKind, type DefinitionOf } from "../model/config";
import { PlaceMap } from "../model/place-map";
import type { StoredDefinition } from "../model/state";
import type { DocumentReader, UnreadableDefinition } from "../model/unreadable";
import type { Index } from "./table";

type ByKind = { readonly [K in DefinitionKind]: Map<string, DefinitionOf<K>> };

export class DeclaredDefinitions implements Index<StoredDefinition> {
  readonly unreadable = new Map<string, UnreadableDefinition>();
  readonly byKind: ByKind = {
    zone: new Map(),
    pool: new Map(),
    workspace: new Map(),
    autoscaleConfig: new Map(),
    schedule: new Map(),
    stagingConfig: new Map(),
    vmProviderConfig: new Map(),
    dnsProviderConfig: new Map(),
    ldapConfig: new Map(),
    budget: new Map(),
  };
  /** Made when asked for, and anew after each change: definitions are few, and change seldom. */
  private sorted: SortedDefinitions | undefined;

  /** `findProblems` tells why a stored document can't be read. */
  constructor(private readonly findProblems: DocumentReader) {}

  follow(_id: string, before: StoredDefinition | undefined, after: StoredDefinition | undefined): void {
    this.sorted = undefined;
    if (after) this.take(after);
    else if (before) this.forget(before.kind, before.name);
  }

  /** In the order of their names. */
  inOrder(): SortedDefinitions {
    const { zone, autoscaleConfig, schedule, stagingConfig } = this.byKind;
    this.sorted ??= {
      zoneNames: [...zone.keys()].sort(),
      configs: groupByPlace(autoscaleConfig.values()),
      schedules: groupByName(schedule.values(), (each) => each.autoscaleConfig),
      stagingConfigs: groupByName(stagingConfig.values(), (each) => each.workspace),
      objectiveConfigs: [...autoscaleConfig.values()].filter((each) => each.waitObjective).sort(byName),
    };
    return this.sorted;
  }

  private take({ kind, name, doc }: StoredDefinition): void {
    const problems = this.findProblems(kind, doc);
    if (problems.length > 0) {
      this.forget(kind, name);
      this.unreadable.set(definitionId(kind, name), { kind, name, problems });
    } else {
      this.unreadable.delete(definitionId(kind, name));
      this.namesOf(kind)?.set(name, parseDefinition(kind, doc));
    }
  }

  private forget(kind: DefinitionKind, name: string): void {
    this.unreadable.delete(definitionId(kind, name));
    this.namesOf(kind)?.delete(name);
  }

  /** Undefined for a kind that only another version knows. */
  private namesOf(kind: DefinitionKind): Map<string, unknown> | undefined {
    return this.byKind[kind];
  }
}

export interface SortedDefinitions {
  readonly zoneNames: readonly string[];
  readonly configs: PlaceMap<AutoscaleConfig[]>;
  /** By autoscale config. */
  readonly schedules: ReadonlyMap<string, readonly DefinitionOf<"schedule">[]>;
  /** By workspace. */
  readonly stagingConfigs: ReadonlyMap<string, readonly DefinitionOf<"stagingConfig">[]>;
  /** Those with a wait objective. */
  readonly objectiveConfigs: readonly AutoscaleConfig[];
}

function groupByPlace(configs: Iterable<AutoscaleConfig>): PlaceMap<AutoscaleConfig[]> {
  const groups = new PlaceMap<AutoscaleConfig[]>();
  for (const config of [...configs].sort(byName)) {
    const group = groups.get(config.pool, config.zone);
    if (group) group.push(config);
    else groups.set(config.pool, config.zone, [config]);
  }
  return groups;
}

function groupByName<T extends Named>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of [...items].sort(byName)) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

interface Named {
  readonly name: string;
}

function byName(a: Named, b: Named): number {
  return a.name < b.name ? -1 : 1;
}
