/**
 * The workers of this machine and those of others, as one. Their own messages are quicker than a database (see
 * docs/workers.md), so that this machine's workers come first; the others take what goes beyond.
 */
import type { AccountAnswer, AskRequest } from "../../model/account-questions";
import type {
  NodeUpdater,
  OpenedUpdate,
  OpenRequest,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../node-updater";
import type { RemoteUpdater } from "./remote-updater";

export class SharedUpdater implements NodeUpdater {
  readonly openedMax: number;
  /** Lanes on which a worker of this machine works. */
  private readonly ownLanes = new Set<string>();

  constructor(
    private readonly own: NodeUpdater,
    private readonly remote: RemoteUpdater,
  ) {
    this.openedMax = own.openedMax;
  }

  get slots(): number {
    return this.own.slots + this.remote.slots;
  }

  update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    if (this.goesAbroad()) return this.remote.update(request, onEvent);
    return this.here(request.laneId, () => this.own.update(request, onEvent));
  }

  open(request: OpenRequest, onEvent: (event: UpdateEvent) => void): OpenedUpdate {
    return this.own.open(request, onEvent);
  }

  recover(given: RecoverRequest, enginePid: number | undefined): Promise<UpdateResult> {
    const request = { ...given, fencedHosts: this.remote.fencedHosts(given.laneId) };
    const isElsewhere = this.remote.has(given.laneId);
    if (isElsewhere || this.goesAbroad()) return this.remote.recover(request, enginePid);
    return this.here(request.laneId, () => this.own.recover(request, enginePid));
  }

  isEngineRunning(laneId: string, stack: string, enginePid: number | undefined): boolean {
    return this.remote.isBusy(laneId) || this.own.isEngineRunning(laneId, stack, enginePid);
  }

  removeStack(laneId: string, stack: string, epoch: number): Promise<void> {
    if (this.goesAbroad()) return this.remote.removeStack(laneId, stack, epoch);
    return this.here(laneId, () => this.own.removeStack(laneId, stack, epoch));
  }

  ask(request: AskRequest): Promise<AccountAnswer> {
    return this.own.slots > 0 ? this.own.ask(request) : this.remote.ask(request);
  }

  async stop(): Promise<void> {
    await Promise.all([this.own.stop(), this.remote.stop()]);
  }

  private goesAbroad(): boolean {
    if (this.own.slots === 0) return true;
    return this.ownLanes.size >= this.own.slots && this.remote.free > 0;
  }

  private async here<Result>(laneId: string, work: () => Promise<Result>): Promise<Result> {
    this.ownLanes.add(laneId);
    try {
      return await work();
    } finally {
      this.ownLanes.delete(laneId);
    }
  }
}
