/** One run of the engine for a lane: what it tells becomes events of nodes, and how it ended is judged by the state. */
import { type CloudFailureClass, messageOf } from "../model/errors";
import { realClock } from "../model/real-clock";
import type { DesiredNode } from "../model/state";
import { EngineFailure } from "./engine-command";
import { isInterrupted, type EngineWork, type UpRun } from "./engine-work";
import { classifyFailure } from "./failure-class";
import { keptNode } from "./kept-nodes";
import type { NodeProgram } from "./node-program-port";
import type { UpdateEvent } from "./node-updater";
import type { RecoveryContext } from "./recovery";
import type { Deployment } from "./stack-state";
import { UpdateEventTranslator } from "./update-events";

/** @param before The state as it is now. */
export async function runEngine(
  context: RecoveryContext,
  work: EngineWork,
  before: Deployment | undefined,
  onEvent: (event: UpdateEvent) => void,
): Promise<UpRun> {
  const { permits, program: nodeProgram } = context;
  const translator = new UpdateEventTranslator(
    (nodeId, message) => classify(nodeProgram, work.nodeOf(nodeId), message),
    (nodeId) => permits.refused.has(nodeId),
    () => realClock.now(),
  );
  const keptOf = (node: DesiredNode) => keptNode(node, nodeProgram, before);
  const gone = new Set<string>();
  const program = () =>
    work.program(
      (step) => permits.forStep(step),
      keptOf,
      (nodeId) => gone.add(nodeId),
    );
  let failure: EngineFailure | undefined;
  try {
    await context.stack.up({ program, exclude: work.exclude }, (event) => {
      translator.translate(event).forEach(onEvent);
      work.onProgress((nodeId) => translator.isSettled(nodeId));
    });
  } catch (error) {
    if (!(error instanceof EngineFailure)) return { kind: "unknown", message: messageOf(error) };
    failure = error;
  }
  translator.finish().forEach(onEvent);
  if (failure?.isLocked) return { kind: "unknown", message: failure.message };
  if (failure !== undefined && (await isInterrupted(context, failure))) {
    return { kind: "unknown", message: failure.message };
  }
  const { refused } = translator;
  return { kind: "ended", message: failure?.message, doubtful: [...translator.doubtful.values()], refused, gone };
}

function classify(program: NodeProgram, node: DesiredNode | undefined, message: string): CloudFailureClass {
  const known = node === undefined ? undefined : program.classify(node, message);
  return known ?? classifyFailure(message);
}
