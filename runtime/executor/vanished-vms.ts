/**
 * VMs that were to be deleted and that somebody else has deleted before us. Some providers fail then, at each attempt
 * anew: the state goes on naming a VM that nobody can delete.
 */
import { EngineFailure } from "./engine-command";
import type { UpdateRequest } from "./node-updater";
import type { RecoveryContext } from "./recovery";
import { isVm, nameOf, type Deployment } from "./stack-state";

/**
 * After an update that failed: the VMs it was to delete and did not are read from the cloud once, which takes those out of
 * the state that are gone. Answers the state when that took out any, else undefined. What was not permitted is not asked for.
 */
export async function dropVanished(
  { stack, permits }: RecoveryContext,
  { deletes }: UpdateRequest,
): Promise<Deployment | undefined> {
  const left = (deployment: Deployment | undefined) =>
    (deployment?.resources ?? []).filter(
      (resource) =>
        isVm(resource) && deletes.includes(nameOf(resource.urn)) && !permits.refused.has(nameOf(resource.urn)),
    );
  const before = left(await stack.readDeployment());
  if (before.length === 0) return undefined;
  try {
    await stack.refresh(before.map(({ urn }) => urn));
  } catch (error) {
    // What can't be read stays as it is; the failed delete has told why already.
    if (!(error instanceof EngineFailure)) throw error;
  }
  const after = await stack.readDeployment();
  return left(after).length < before.length ? after : undefined;
}
