/**
 * How the CLI writes: aligned tables for people, one JSON value for programs, one sentence for errors. Everything that a
 * command prints goes through here, so that nothing that a VM, a user or a cloud has written acts in an operator's terminal.
 */
import { exitCodeOf, HeadroomError, messageOf, NoCapacityError } from "../model/errors";
import { visible, visibleIn, visibleJson, visibleLines } from "../model/visible-text";

/** Columns of a terminal; undefined where output goes into a file or a pipe, whose lines are never broken. */
function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/** Narrower than this a last column would be harder to read than lines that the terminal breaks. */
const wrappedMin = 24;

/**
 * Columns as wide as their widest cell; nothing behind the last column, which goes on below itself, word by word, where the
 * terminal ends.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = terminalWidth(),
): string {
  const lines = [head, ...rows.map((row) => row.map(visible))];
  const widths = head.map((_title, column) =>
    lines.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  const indent = widths.slice(0, -1).reduce((sum, column) => sum + column + 2, 0);
  const room = width !== undefined && width - indent >= wrappedMin ? width - indent : Infinity;
  return lines
    .map((row) =>
      row
        .map((cell, column) =>
          column === head.length - 1 ? wrapped(cell, room, indent) : cell.padEnd(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function wrapped(text: string, room: number, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

/** A moment as people say it: `14:05:10 UTC (in 40s)`, with its date when that is another one than today's. */
export function formatMoment(atMs: number, nowMs: number): string {
  const [date, time] = new Date(atMs).toISOString().slice(0, 19).split("T") as [string, string];
  const isToday = new Date(nowMs).toISOString().startsWith(date);
  const span = atMs >= nowMs ? `in ${formatAge(atMs - nowMs)}` : `${formatAge(nowMs - atMs)} ago`;
  return `${isToday ? "" : `${date} `}${time} UTC (${span})`;
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

/** An empty screen in a terminal; an empty line elsewhere. */
export function beginScreen(): void {
  process.stdout.write(process.stdout.isTTY ? "\x1b[H\x1b[2J" : "\n");
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
