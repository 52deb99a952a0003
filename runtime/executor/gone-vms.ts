/**
 * VMs that were to be deleted and that somebody else has deleted before us. Some providers fail then, at each attempt
 * anew: the state goes on naming a VM that nobody can delete. They are taken out of the state, when their cloud itself has
 * said, in the account that is known to be theirs, that there is no VM with their id.
 */
import type { RecoveryContext } from "./recovery";
import { isVm, nameOf, type Deployment } from "./stack-state";

/** @param gone Ids of nodes. Answers the state afterwards; undefined when it did not have their VMs, or may not lose them. */
export async function dropGone(
  { stack, permits }: RecoveryContext,
  gone: ReadonlySet<string>,
): Promise<Deployment | undefined> {
  const before = gone.size === 0 ? undefined : await stack.readDeployment();
  const after = before && withoutVms(before, gone);
  if (before === undefined || after === undefined || after === before) return undefined;
  for (const nodeId of gone) await permits.forStep({ step: "delete", nodeId });
  await stack.writeDeployment(after);
  return after;
}

/** The same when nothing is taken out: a VM on which something depends that is still there, such as a record, stays. */
export function withoutVms(deployment: Deployment, nodeIds: ReadonlySet<string>): Deployment {
  const all = deployment.resources ?? [];
  const needed = new Set(all.flatMap(({ dependencies }) => dependencies ?? []));
  const isDropped = (resource: (typeof all)[0]) =>
    isVm(resource) && nodeIds.has(nameOf(resource.urn)) && !needed.has(resource.urn);
  const left = all.filter((resource) => !isDropped(resource));
  return left.length === all.length ? deployment : { ...deployment, resources: left };
}
