/**
 * The ways a command can end badly. The rule kept: whoever throws has decided what the user reads and which exit
 * code scripts see; `main` only prints and exits.
 */
export const exitCodes = {
  error: 1,
  configuration: 2,
  stackNotFound: 6,
  canceled: 8,
  internal: 255,
} as const;

/** An error for the user; the message is printed as it is. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number = exitCodes.error,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** Something official Pulumi does and this engine does not: refused by name, never done half. */
export class NotSupported extends CommandFailure {
  constructor(what: string) {
    super(
      `the embedded engine does not support ${what}; install the official Pulumi CLI for it`,
      exitCodes.configuration,
    );
  }
}

/** Ends an operation whose errors have been reported already. */
export class Reported extends CommandFailure {
  constructor(exitCode: number = exitCodes.error) {
    super("", exitCode);
  }
}

export function messageOf(error: unknown): string {
  if (error instanceof Error)
    return "details" in error && typeof error.details === "string" ? error.details : error.message;
  return String(error);
}
