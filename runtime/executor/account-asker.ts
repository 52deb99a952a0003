/**
 * The worker's part of a question about an account: a program that only looks runs as the preview of an empty stack of
 * its own, with the account's Pulumi provider. No lane and no lock is taken, and nothing is changed but a VM that nobody
 * knows, see `orphan-deletion.ts`.
 */
import { messageOf } from "../model/errors";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import { FileBackend } from "./file-backend";
import type { Installation } from "./installation";
import { LaneFolder } from "./lane-folder";
import type { NodeProgram } from "./node-program-port";
import { deleteOrphan } from "./orphan-deletion";
import type { PassphraseCrypter } from "./passphrase";
import { PulumiStack } from "./pulumi-stack";
import type { AskPermit } from "../store/permit";

export interface AskerOptions {
  readonly installation: Installation;
  readonly program: NodeProgram;
  readonly environment: NodeJS.ProcessEnv;
  readonly crypter: PassphraseCrypter;
  /** Asked right before a VM is deleted. */
  readonly permit: AskPermit;
  readonly onStarted: (enginePid: number) => void;
  readonly abort: AbortSignal;
}

const stackName = "question";
/** Only an empty stack of its own is made, in a folder that nobody else knows. */
const permitted = (): Promise<void> => Promise.resolve();

/** Never fails: what can't be asked is an answer too. */
export async function askAccount(request: AskRequest, options: AskerOptions): Promise<AccountAnswer> {
  const answer = await askInStack(request, options);
  return answer.kind === "failed" ? (options.program.answerOfFailure(request, answer.failed) ?? answer) : answer;
}

async function askInStack(request: AskRequest, options: AskerOptions): Promise<AccountAnswer> {
  const { installation, program, crypter, permit } = options;
  const folder = await mkdtemp(join(installation.dataFolder, "question-"));
  try {
    const backendUrl = `file://${join(folder, "state")}`;
    const scratch = new LaneFolder({ ...installation, backendUrl }, relativeLane(folder), stackName);
    await scratch.write({ nodes: [], accounts: {} }, crypter);
    const stack = new PulumiStack({
      installation: { ...installation, backendUrl },
      backend: FileBackend.of(backendUrl),
      folder: scratch,
      revision: 0,
      isOffline: !program.needsPluginsOf(request.account),
      environment: options.environment,
      onStarted: options.onStarted,
      permit: permitted,
      abort: options.abort,
    });
    await stack.initialise();
    const { accountId, account, question } = request;
    if (question.kind !== "deleteOrphan") return await answerWithin(stack, () => program.ask(request));
    return await deleteOrphan({ accountId, account, question }, { stack, stackName, program, permit });
  } catch (error) {
    return { kind: "failed", failed: messageOf(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the program itself says of its failure is more to the point than what the engine makes of it. */
async function answerWithin(stack: PulumiStack, ask: () => Promise<AccountAnswer>): Promise<AccountAnswer> {
  let answer: AccountAnswer | undefined;
  const look = async (): Promise<void> => {
    answer = await ask().catch((error: unknown) => ({ kind: "failed", failed: messageOf(error) }) as const);
  };
  try {
    await stack.preview(look);
  } catch (error) {
    return answer?.kind === "failed" ? answer : { kind: "failed", failed: messageOf(error) };
  }
  return answer ?? { kind: "failed", failed: "the engine ended before the question was asked" };
}

/** The scratch folder lies beside the lanes' folders, so that whatever looks for lanes does not find it. */
function relativeLane(folder: string): string {
  return join("..", folder.slice(folder.lastIndexOf("/") + 1));
}
