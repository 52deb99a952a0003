/** Quantities with units at every edge, plain numbers inside: bytes and seconds. Nothing else converts units. */

const memoryFactors: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const durationFactors: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

export const memoryForms = 'a number with a unit such as "8GiB", "8192MiB" or "8GB"';
export const durationForms = 'a whole number with a unit such as "900s", "15m", "2h" or "1d"';

/** Bytes of a quantity such as `"8GiB"` or `"1.5GB"`; undefined when it is not one. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s?(MiB|GiB|TiB|MB|GB|TB)$/.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * memoryFactors[match[2]!]!);
}

/** Seconds of a duration such as `"15m"`; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(s|m|h|d)$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * durationFactors[match[2]!]!;
}

/** The shortest exact form: 8589934592 → `"8GiB"`, 8e9 → `"8GB"`. */
export function formatMemory(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "TB", "GB", "MB"]) {
    const amount = bytes / memoryFactors[unit]!;
    if (bytes >= memoryFactors[unit]! && Number.isInteger(amount)) return `${amount}${unit}`;
  }
  return `${Math.round((bytes / memoryFactors["MiB"]!) * 100) / 100}MiB`;
}

/** A count with its noun: 1 → `"1 node"`, 3 → `"3 nodes"`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The shortest exact form: 900 → `"15m"`. */
export function formatDuration(seconds: number): string {
  for (const unit of ["d", "h", "m"]) {
    const amount = seconds / durationFactors[unit]!;
    if (seconds > 0 && Number.isInteger(amount)) return `${amount}${unit}`;
  }
  return `${Math.round(seconds * 10) / 10}s`;
}

/** `42 s`, `3 min`, `5.5 h`, `12 days`: as people say it. What is past by a hair counts as now. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 360) / 10} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
