/** Which sizes sessions have, learned from those that were asked for last. */
import type { SessionSize, SizeShare } from "../../model/demand";
import type { Shape } from "../../model/shapes";

/** Sizes that are told apart; of more the rarest is forgotten. */
export const sizesMax = 8;
/** What each arrival leaves of the weight of those before it: after 64 of them one counts half. */
const keptPerArrival = 0.5 ** (1 / 64);

export function sizeOf({ cores, memoryBytes, gpus }: Shape): SessionSize {
  return { millicores: Math.round(cores * 1000), memoryBytes, gpus };
}

export function shapeOfSize({ millicores, memoryBytes, gpus }: SessionSize): Shape {
  return { cores: millicores / 1000, memoryBytes, gpus };
}

/** The sizes with one more session of this one, the largest weight first. */
export function withSize(sizes: readonly SizeShare[], needs: Shape): SizeShare[] {
  const size = sizeOf(needs);
  const known = sizes.find((share) => isSame(share, size));
  const older = sizes.map((share) => ({ ...share, weight: rounded(share.weight * keptPerArrival) }));
  const next = older.filter((share) => !isSame(share, size));
  next.push({ ...size, weight: rounded((known?.weight ?? 0) * keptPerArrival + 1) });
  return next.sort(byWeight).slice(0, sizesMax);
}

/** How many sessions of one size are to have room. */
export interface SizedSessions {
  readonly needs: Shape;
  readonly sessions: number;
}

/**
 * So many sessions in the proportions of the sizes, the largest size first: what is left after rounding down goes to the
 * sizes that lose most, the larger first.
 */
export function sessionsBySize(sessions: number, sizes: readonly SizeShare[]): SizedSessions[] {
  const all = sizes.reduce((sum, { weight }) => sum + weight, 0);
  const shares = [...sizes].sort(byRoom).map((size) => {
    const exact = (sessions * size.weight) / all;
    return { size, whole: Math.floor(exact), lost: exact - Math.floor(exact) };
  });
  let left = sessions - shares.reduce((sum, { whole }) => sum + whole, 0);
  for (const share of [...shares].sort((a, b) => b.lost - a.lost)) {
    if (left <= 0) break;
    share.whole += 1;
    left -= 1;
  }
  return shares
    .filter(({ whole }) => whole > 0)
    .map(({ size, whole }) => ({ needs: shapeOfSize(size), sessions: whole }));
}

/** What one session takes on average; undefined without any. */
export function meanSize(sizes: readonly SizeShare[]): Shape | undefined {
  const all = sizes.reduce((sum, { weight }) => sum + weight, 0);
  if (all === 0) return undefined;
  const mean = (valueOf: (size: SizeShare) => number): number =>
    sizes.reduce((sum, size) => sum + valueOf(size) * size.weight, 0) / all;
  return {
    cores: Math.round(mean(({ millicores }) => millicores)) / 1000,
    memoryBytes: Math.round(mean(({ memoryBytes }) => memoryBytes)),
    gpus: mean(({ gpus }) => gpus),
  };
}

function isSame(a: SessionSize, b: SessionSize): boolean {
  return a.millicores === b.millicores && a.memoryBytes === b.memoryBytes && a.gpus === b.gpus;
}

function byWeight(a: SizeShare, b: SizeShare): number {
  return b.weight - a.weight || byRoom(a, b);
}

/** What takes more comes first: GPUs before memory, memory before cores. */
function byRoom(a: SessionSize, b: SessionSize): number {
  return b.gpus - a.gpus || b.memoryBytes - a.memoryBytes || b.millicores - a.millicores;
}

/** Short in the store, and the same on every machine. */
function rounded(weight: number): number {
  return Math.round(weight * 10_000) / 10_000;
}
