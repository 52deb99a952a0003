/** How a job asks whether it may go on: from the worker process to its service, and there of the store. */
import { UnavailableError } from "../model/errors";
import { refused, type AskPermit, type Permit, type PermitRequest, type StepKind } from "../store/permit";

/** A step of an engine on something of a node. */
export interface NodeStep {
  readonly step: StepKind;
  readonly nodeId: string;
}

/** Not a cloud's answer: nothing was asked of it, and the step may be taken later. */
export class NotPermittedError extends UnavailableError {
  constructor(reason: string) {
    super(`not permitted: ${reason}`);
  }
}

/** What one job may do, and the nodes of which something was refused. */
export class JobPermits {
  readonly refused = new Set<string>();

  constructor(
    private readonly ask: AskPermit,
    private readonly epoch: number,
  ) {}

  /** Fails with {@link NotPermittedError}. Asked right before whatever changes the stack. */
  async toOperate(): Promise<void> {
    const permit = await this.ask({ epoch: this.epoch, step: "operate" });
    if (!permit.isAllowed) throw new NotPermittedError(permit.reason);
  }

  /** Fails with {@link NotPermittedError}. Asked right before the cloud is. */
  async forStep({ step, nodeId }: NodeStep): Promise<void> {
    const permit = await this.ask({ epoch: this.epoch, step, nodeId });
    if (permit.isAllowed) return;
    this.refused.add(nodeId);
    throw new NotPermittedError(permit.reason);
  }
}

interface Question {
  readonly askedAtMs: number;
  readonly answer: (permit: Permit) => void;
}

/** The worker's end: each question gets an answer, at the latest after `waitMs`, from a service that may be gone. */
export class PermitQuestions {
  private readonly open = new Map<number, Question>();
  private asked = 0;

  constructor(
    private readonly waitMs: number,
    private readonly send: (id: number, request: PermitRequest) => void,
  ) {}

  readonly ask: AskPermit = (request) => {
    this.asked += 1;
    const id = this.asked;
    return new Promise<Permit>((resolve) => {
      const timer = setTimeout(() => this.answer(id, this.late()), this.waitMs);
      const answer = (permit: Permit): void => {
        clearTimeout(timer);
        resolve(permit);
      };
      this.open.set(id, { askedAtMs: performance.now(), answer });
      this.send(id, request);
    });
  };

  /** An answer that lay there while this process was held is too old to act on. */
  answer(id: number, permit: Permit): void {
    const question = this.open.get(id);
    this.open.delete(id);
    const isOld = question !== undefined && performance.now() - question.askedAtMs > this.waitMs;
    question?.answer(isOld ? this.late() : permit);
  }

  private late(): Permit {
    return refused(`the service did not answer within ${this.waitMs} ms`);
  }
}
