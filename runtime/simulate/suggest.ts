/**
 * Searches the standby and the back-off with which one autoscale config keeps a wait at the least cost. First the smallest
 * standby, by halving; then the back-offs around it. What is declared is one of those that are compared, so the answer is
 * never dearer than it where that keeps the wait.
 */
import type { PlayedDefinition } from "./played-definitions";
import type { Keep } from "./keep";
import type { DefinitionChange, VariantResult } from "./result";

export type PlayChanges = (changes: readonly (readonly DefinitionChange[])[]) => Promise<VariantResult[]>;

export interface Suggested {
  readonly variant: VariantResult;
  readonly isKept: boolean;
  readonly lines: readonly string[];
  readonly tried: number;
}

export interface SuggestOptions {
  readonly config: PlayedDefinition;
  readonly keep: Keep;
  /** As it is without a change. */
  readonly declared: VariantResult;
  readonly play: PlayChanges;
}

const backoffs = ["5m", "15m", "30m", "1h"];
/** More free sessions, or cores, than this are not tried. */
const standbyMax = 512;

export async function suggest({ config, keep, declared, play }: SuggestOptions): Promise<Suggested> {
  const field = config.doc["type"] === "server" ? "minimumAvailableSessions" : "standbyCores";
  const standby = (value: number): DefinitionChange => ({ path: `${config.name}.${field}`, value });
  const backoff = (value: string): DefinitionChange => ({ path: `${config.name}.downscaleBackoff`, value });
  const results = [declared];
  const keeps = async (value: number): Promise<boolean> => {
    const [result] = await play([[standby(value)]]);
    results.push(result!);
    return keep.isKept(result!.waits);
  };
  const least = await leastKept(keeps);
  if (least !== undefined) {
    const around = [least, least + 1].flatMap((value) => backoffs.map((text) => [standby(value), backoff(text)]));
    results.push(...(await play(around)));
  }
  const kept = results.filter(({ waits }) => keep.isKept(waits));
  const [best] = (kept.length > 0 ? kept : results).sort(kept.length > 0 ? cheaper : lessWaiting);
  const lines = [...(best?.changes ?? [])].map(({ path, value }) => lineOf(config.name, path, value));
  return { variant: best!, isKept: kept.length > 0, lines, tried: results.length };
}

/** Undefined = none up to {@link standbyMax}. */
async function leastKept(keeps: (value: number) => Promise<boolean>): Promise<number | undefined> {
  let [short, enough] = [-1, 0];
  while (!(await keeps(enough))) {
    if (enough >= standbyMax) return undefined;
    [short, enough] = [enough, Math.max(1, enough * 2)];
  }
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2);
    if (await keeps(middle)) enough = middle;
    else short = middle;
  }
  return enough;
}

/** By money where all of it has one price, else by VM-hours. */
export function costOf({ cost, vmHours }: VariantResult): number {
  const amounts = Object.values(cost.amounts);
  return cost.unpricedHours === 0 && amounts.length === 1 ? amounts[0]! : vmHours.total;
}

function cheaper(a: VariantResult, b: VariantResult): number {
  return costOf(a) - costOf(b) || a.changes.length - b.changes.length;
}

function lessWaiting({ waits: a }: VariantResult, { waits: b }: VariantResult): number {
  return a.refused + a.unfinished - b.refused - b.unfinished || a.shareWaited - b.shareWaited;
}

function lineOf(name: string, path: string, value: unknown): string {
  return `${path.slice(name.length + 1)}: ${JSON.stringify(value)},`;
}
