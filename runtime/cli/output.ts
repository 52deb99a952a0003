/**
 * How the CLI writes: aligned tables for people, one JSON value for programs, one sentence for errors. Everything that a
 * command prints goes through here, so that nothing that a VM, a user or a cloud has written acts in an operator's terminal.
 */
import { exitCodeOf, HeadroomError, messageOf, NoCapacityError } from "../model/errors";
import { visible, visibleIn, visibleJson, visibleLines } from "../model/visible-text";

/** Columns as wide as their widest cell; nothing behind the last column. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(visible))];
  const widths = head.map((_title, column) =>
    lines.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return lines
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

/** Lines of our own; what others wrote is in one of them each, see {@link printAnswer}. */
export function print(text: string): void {
  process.stdout.write(`${visibleLines(text)}\n`);
}

/** What the API answered, for people: a line break in a message begins no line. */
export function printAnswer<Answer>(answer: Answer, format: (answer: Answer) => string): void {
  print(format(visibleIn(answer)));
}

/** One value for programs, who get each text as it is; in a terminal nothing of it acts. */
export function printJson(value: unknown, spaces?: number): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, undefined, spaces))}\n`);
}

/** One line in the place of the one before it. */
export function printOver(line: string): void {
  process.stdout.write(`\r\x1b[K${visible(line)}`);
}

function printError(line: string): void {
  process.stderr.write(`headroom: ${visible(line)}\n`);
}

/** Help, and what is wrong with a command line. */
export const commanderOutput = {
  writeOut: (text: string): void => void process.stdout.write(visibleLines(text)),
  writeErr: (text: string): void => void process.stderr.write(visibleLines(text)),
};

/** One sentence per problem on standard error; the exit code says whose turn it is. */
export function reportError(error: unknown, options: { isVerbose: boolean }): number {
  const problems = error instanceof HeadroomError ? error.problems : [];
  const message = messageOf(error);
  if (problems.length > 1) {
    for (const { path, message: problem } of problems) printError(`${path}: ${problem}`);
  } else {
    printError(message);
  }
  if (error instanceof NoCapacityError && error.sessionId !== undefined) {
    printError(`more about it: headroom explain session ${error.sessionId}`);
  }
  if (options.isVerbose && error instanceof Error) process.stderr.write(`${visibleLines(error.stack ?? "")}\n`);
  return exitCodeOf(error);
}
