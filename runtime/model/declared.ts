/** What the references of definitions are judged against. */
import type { AutoscaleConfig, CloudCatalog, DefinitionKind, DefinitionOf } from "./config";
import type { PartialShape } from "./shapes";

/** Resolved definitions by name, per kind. */
export type Declared = { readonly [K in DefinitionKind]: ReadonlyMap<string, DefinitionOf<K>> };

export interface ReferenceContext {
  /** Holds the definition itself in its new form. */
  readonly declared: Declared;
  readonly catalog: CloudCatalog;
  /**
   * What one node of a config offers on that VM provider config, as far as it is declared. What nodes reported is no
   * ground to refuse a definition.
   */
  readonly shapeOf: (config: AutoscaleConfig, vmProvider: string) => PartialShape;
}
