/** What speaks against beginning an operation on a state. */
import { CommandFailure } from "../failure";
import type { ResourceState } from "../state/resource";
import type { Events } from "../steps/events";

/** Fails when resources are there whose hooks would have to be asked: a destroy runs no program. */
export function refuseWithoutProgram(resources: readonly ResourceState[], events: Events): void {
  const asking = resources.filter(({ resourceHooks }) => (resourceHooks?.BeforeDelete ?? []).length > 0);
  for (const { urn, resourceHooks } of asking) {
    const names = (resourceHooks?.BeforeDelete ?? []).join(", ");
    const message = `Resource has delete hooks registered, but the program is not running. Hooks: ${names}`;
    events.diagnostic("error", message, { urn });
  }
  if (asking.length > 0) {
    throw new CommandFailure("You must run with the `--run-program` flag to use delete hooks during destroy.");
  }
}

/** Fails when a target is not in the state. */
export function refuseUnknownTargets(targets: readonly string[], resources: readonly ResourceState[]): void {
  const unknown = targets.find((target) => !resources.some(({ urn }) => urn === target));
  if (unknown !== undefined) throw new CommandFailure(`no resource named '${unknown}' found`);
}
