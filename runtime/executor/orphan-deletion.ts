/**
 * The end of a VM that nobody knows, in a scratch stack of its own: it is written into the state by the cloud's id, read
 * from the cloud, and left out of the next update, which deletes it.
 *
 *   account's Pulumi provider ──▶ VM in the state ──refresh──▶ VM as it is ──update without it──▶ deleted
 *
 * Each update first looks whether the cloud still tells of the VM what its row does, as long as it declares anything: a
 * program that fails deletes nothing. Right before the delete the engine's hook asks the store.
 */
import { messageOf } from "../model/errors";
import type { AccountAnswer, AskRequest, ListedVm, OrphanQuestion } from "../model/account-questions";
import type { AskPermit } from "../store/permit";
import { projectName } from "./installation";
import type { NodeProgram } from "./node-program-port";
import { NotPermittedError } from "./permits";
import type { PulumiStack } from "./pulumi-stack";
import { addFound, stackUrn } from "./stack-state";

export interface OrphanDeletion extends AskRequest {
  readonly question: OrphanQuestion;
}

export interface DeletionContext {
  /** Empty, and of nobody else. */
  readonly stack: PulumiStack;
  readonly stackName: string;
  readonly program: NodeProgram;
  readonly permit: AskPermit;
}

export async function deleteOrphan(request: OrphanDeletion, context: DeletionContext): Promise<AccountAnswer> {
  const { stack, stackName, program } = context;
  const { accountId, account, question } = request;
  /** What stopped it is more to the point than what the engine makes of it. */
  const stop: { reason?: string } = {};
  try {
    await updateWithout(request, context, stop);
    const vm = program.vmInState(accountId, account, question.place);
    const urn = `urn:pulumi:${stackName}::${projectName}::${vm.type}::orphan`;
    const parent = stackUrn(stackName, projectName);
    const deployment = (await stack.readDeployment()) ?? {};
    await stack.writeDeployment(addFound(deployment, [{ ...vm, urn, id: question.vmId, parent }]));
    await stack.refresh([urn]);
    const read = (await stack.readDeployment())?.resources?.find((resource) => resource.urn === urn);
    if (read === undefined) return failed(`VM ${question.vmId} is not there any more`);
    // Without them nobody would be asked.
    if (Object.keys(read.resourceHooks ?? {}).length === 0) return failed("the engine lost the hook of the delete");
    await updateWithout(request, context, stop);
    const isThere = (await stack.readDeployment())?.resources?.some((resource) => resource.urn === urn);
    return isThere ? failed("the engine left it where it is") : { kind: "deleted" };
  } catch (error) {
    return failed(stop.reason ?? messageOf(error));
  }
}

/** An update of the scratch stack that declares the account's Pulumi provider alone. */
async function updateWithout(
  request: OrphanDeletion,
  { stack, program, permit }: DeletionContext,
  stop: { reason?: string },
): Promise<void> {
  const noting = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      stop.reason = messageOf(error);
      throw error;
    }
  };
  await stack.up({
    program: () =>
      noting(async () => {
        await program.permitSteps(() => noting(() => askFor(request.question, permit)));
        await lookAt(request, program);
      }),
  });
}

/** Fails unless the cloud tells of the VM exactly what its row does. */
async function lookAt({ accountId, account, question }: OrphanDeletion, program: NodeProgram): Promise<void> {
  const { installationId, place, knownIds, vmId, nodeId } = question;
  const answer = await program.ask({ accountId, account, question: { kind: "list", installationId, place, knownIds } });
  const listed: readonly ListedVm[] = answer.kind === "list" ? answer.vms : [];
  const vm = listed.find((candidate) => candidate.vmId === vmId);
  if (vm === undefined) throw new Error(`the account does not list VM ${vmId} as ours any more`);
  if (vm.installation !== installationId || vm.nodeId !== nodeId) {
    const [told, wanted] = [vm.nodeId ?? "none", nodeId ?? "none"];
    throw new Error(`the tags of VM ${vmId} changed: node id ${told}, not ${wanted}`);
  }
}

async function askFor({ epoch, orphanId, vmId, nodeId }: OrphanQuestion, permit: AskPermit): Promise<void> {
  const of = nodeId === undefined ? { vmId } : { vmId, nodeId };
  const answer = await permit({ epoch, step: "deleteOrphan", orphanId, ...of });
  if (!answer.isAllowed) throw new NotPermittedError(answer.reason);
}

function failed(text: string): AccountAnswer {
  return { kind: "failed", failed: text };
}
