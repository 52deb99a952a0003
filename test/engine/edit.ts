import type { CliStep, JsonObject } from "./notation";

interface ExportedResource extends JsonObject {
  readonly urn: string;
}
interface Exported {
  readonly deployment: {
    readonly resources?: readonly ExportedResource[];
    readonly pending_operations?: readonly { readonly resource: ExportedResource; readonly type: string }[];
  };
}

/** What an operator does between `stack export` and `stack import`. */
export function applyEdit(exported: JsonObject, edit: NonNullable<CliStep["edit"]>): JsonObject {
  const { deployment, ...rest } = exported as unknown as Exported;
  const isMeant = (resource: ExportedResource): boolean => resource.urn.endsWith(`::${edit.resource}`);
  let resources = [...(deployment.resources ?? [])];
  let pending = [...(deployment.pending_operations ?? [])];
  if (edit.remove) resources = resources.filter((resource) => !isMeant(resource));
  if (edit.outputs !== undefined) {
    const { outputs } = edit;
    resources = resources.map((resource) =>
      isMeant(resource) ? { ...resource, outputs: { ...(resource["outputs"] as JsonObject), ...outputs } } : resource,
    );
  }
  if (edit.adoptPending !== undefined) {
    const id = edit.adoptPending;
    for (const operation of pending.filter(({ resource }) => isMeant(resource))) {
      const outputs = { ...(operation.resource["inputs"] as JsonObject), address: "10.0.0.2" };
      resources.push({ ...operation.resource, id, outputs });
    }
    pending = pending.filter(({ resource }) => !isMeant(resource));
  }
  return { ...rest, deployment: { ...deployment, resources, pending_operations: pending } };
}
