/**
 * Another version of the runtime has led and written rows that this one can't read, until this one is replaced by it
 * again. Definitions are read when a term begins; a node's record is read whenever its lane is worked on.
 */
import type { DefinitionKind } from "../model/config";
import type { DesiredNode } from "../model/state";
import type { DocumentReader } from "../model/unreadable";
import { definitionId } from "../model/changes";
import type { Snapshot } from "../model/snapshot";

/** Terms that may still write something. */
const termsKept = 6;

export class SimVersions {
  private definitions: ReadonlySet<string> = new Set();
  private nodes: ReadonlySet<string> = new Set();
  private readonly terms = new Map<number, Snapshot>();

  /** From now on this version leads: it can't read these. */
  hide(what: { readonly definitions?: readonly string[]; readonly nodes?: readonly string[] }): void {
    this.definitions = new Set([...this.definitions, ...(what.definitions ?? [])]);
    this.nodes = new Set([...this.nodes, ...(what.nodes ?? [])]);
  }

  /** From now on a version leads that can read all. */
  showAll(): void {
    this.definitions = new Set();
    this.nodes = new Set();
  }

  canRead({ nodeId }: DesiredNode): boolean {
    return !this.nodes.has(nodeId);
  }

  /** What the store holds is read with this; what is declared later is of this version. */
  readerFor(base: DocumentReader): { readonly read: DocumentReader; readonly loaded: () => void } {
    let hidden = this.definitions;
    const read = (kind: DefinitionKind, doc: unknown) => {
      const { name } = doc as { readonly name: string };
      if (!hidden.has(definitionId(kind, name))) return base(kind, doc);
      return [{ path: "", message: "another version wrote it" }];
    };
    return { read, loaded: () => void (hidden = new Set()) };
  }

  termBegins(epoch: number, state: Snapshot): void {
    this.terms.set(epoch, state);
    this.terms.delete(epoch - termsKept);
  }

  /** Whether the runtime of this term can't read the definition. */
  isHidden(epoch: number, kind: DefinitionKind, name: string): boolean {
    return this.terms.get(epoch)?.unreadable.has(definitionId(kind, name)) ?? false;
  }
}
