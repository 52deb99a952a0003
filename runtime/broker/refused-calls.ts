/**
 * Calls that came with a node's own token and were refused: each is told in the node's journal, because nobody else may ever
 * see the answer. At most one line in a minute for each node and kind of refusal.
 */
import type { Clock, EpochMs, Rng } from "../model/clock";
import { Journal } from "../model/journal";
import type { Ledger } from "../store/store";
import type { NodeTokens } from "./node-tokens";

export interface RefusedCall {
  /** Method and path, without query string. */
  readonly call: string;
  readonly status: number;
  /** Of the refusal, e.g. `config`: one of a few, it is its kind. */
  readonly code: string;
  readonly message: string;
}

/** Pause between two lines of one kind about one node. */
const pauseMs = 60_000;
/** Kinds and nodes remembered; beyond it the oldest are forgotten, which costs a line too many. */
const rememberedMax = 10_000;
/** Characters of what was called, and of why it was refused, in a line. */
const textMax = 300;

export class RefusedCalls {
  private readonly toldMs = new Map<string, EpochMs>();
  private readonly journal: Journal;

  constructor(
    private readonly options: {
      readonly ledger: Ledger;
      readonly clock: Clock;
      readonly rng: Rng;
      readonly tokens: NodeTokens;
    },
  ) {
    this.journal = new Journal(options.clock, options.rng);
  }

  /** Nothing happens when the token is none of ours; one that has expired or is for another purpose still names its node. */
  async note(token: string, refused: RefusedCall): Promise<void> {
    const nodeId = await this.options.tokens.nodeOf(token);
    if (nodeId === undefined || this.wasToldLately(`${nodeId} ${refused.code}`)) return;
    const { call, status, code, message } = refused;
    const text = `its call ${call.slice(0, textMax)} was refused with ${status}: ${message.slice(0, textMax)}`;
    const numbers = { status, kind: code };
    const decision = this.journal.entry("node", nodeId, "callRefused", { code: "callRefused", text, numbers });
    await this.options.ledger.commit([{ kind: "decision", decision }]);
  }

  private wasToldLately(key: string): boolean {
    const nowMs = this.options.clock.now();
    const beforeMs = this.toldMs.get(key);
    if (beforeMs !== undefined && nowMs - beforeMs < pauseMs) return true;
    // The newest last, so that the first key is the oldest one.
    this.toldMs.delete(key);
    this.toldMs.set(key, nowMs);
    if (this.toldMs.size > rememberedMax) this.toldMs.delete(this.toldMs.keys().next().value!);
    return false;
  }
}
