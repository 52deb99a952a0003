/** How the CLI writes: aligned tables for people, one JSON value for programs, one sentence for errors. */
import { exitCodeOf, HeadroomError, messageOf, NoCapacityError } from "../model/errors";

/** Columns as wide as their widest cell; nothing behind the last column. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `42s`, `3m12s`, `5h04m`, `2d03h`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d${two(Math.floor((seconds % 86_400) / 3600))}h`;
}

/** `3 running, 1 starting`; `none` for nothing. */
export function formatCounts(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One sentence per problem on standard error; the exit code says whose turn it is. */
export function reportError(error: unknown, options: { isVerbose: boolean }): number {
  const problems = error instanceof HeadroomError ? error.problems : [];
  const message = messageOf(error);
  if (problems.length > 1) {
    for (const { path, message: problem } of problems) process.stderr.write(`headroom: ${path}: ${problem}\n`);
  } else {
    process.stderr.write(`headroom: ${message}\n`);
  }
  if (error instanceof NoCapacityError && error.sessionId !== undefined) {
    process.stderr.write(`headroom: more about it: headroom explain session ${error.sessionId}\n`);
  }
  if (options.isVerbose && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  return exitCodeOf(error);
}
