/**
 * Errors by what the caller should do. The HTTP status and the exit code of each class are decided once, in
 * {@link httpStatusOf} and {@link exitCodeOf}; nobody else maps errors.
 */

/** One thing wrong with an input: where, what was seen, what is allowed. */
export interface Problem {
  /** Path of the field from the root of the document, e.g. `schedules[0].end`. Empty for the document itself. */
  readonly path: string;
  /** One sentence that names the value seen and what is allowed. */
  readonly message: string;
}

/**
 * Problems of one kind that are told of a document; the rest is counted. Nobody reads more of them, and a text made of
 * thousands would cost the process more than the check did.
 */
export const problemsMax = 20;

/** The first {@link problemsMax} findings as problems, and one more that says how many there are beside them. */
export function tellFirst<Finding>(
  findings: readonly Finding[],
  tell: (finding: Finding) => Problem,
  path = "",
): Problem[] {
  const told = findings.slice(0, problemsMax).map(tell);
  const more = findings.length - told.length;
  return more > 0 ? [...told, { path, message: `and ${more} more like these` }] : told;
}

export abstract class HeadroomError extends Error {
  /** Stable, machine-readable name, e.g. `config`, `notFound`. */
  abstract readonly code: string;
  readonly problems: readonly Problem[];

  constructor(message: string, options: { cause?: unknown; problems?: readonly Problem[] } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.problems = options.problems ?? [];
  }
}

/** The user must change the input; every problem found is listed. */
export class ConfigError extends HeadroomError {
  readonly code = "config";

  static of(problems: readonly Problem[], subject?: string): ConfigError {
    const lines = problems.map((problem) => (problem.path ? `${problem.path}: ${problem.message}` : problem.message));
    return new ConfigError(`${subject ? `${subject}: ` : ""}${lines.join("; ")}`, { problems });
  }
}

/** No node can serve the request, now or later; the message names the first failing constraint. */
export class NoCapacityError extends HeadroomError {
  readonly code = "noCapacity";
  /** Under which the journal keeps the refusal. */
  readonly sessionId?: string;
  /** Which constraint that is, e.g. `notAllowed`, `labels`, `schedule`. */
  readonly reason?: string;

  constructor(message: string, options: { problems?: readonly Problem[]; sessionId?: string; reason?: string } = {}) {
    super(message, options);
    this.sessionId = options.sessionId;
    this.reason = options.reason;
  }
}

export class NotFoundError extends HeadroomError {
  readonly code = "notFound";
}

/** The request contradicts the present state, e.g. another program owns the name; retry only after that changed. */
export class ConflictError extends HeadroomError {
  readonly code = "conflict";
}

/** The thing existed and is gone for good, e.g. a token of a destroyed node. */
export class GoneError extends HeadroomError {
  readonly code = "gone";
}

/** No key or token, or a wrong one. */
export class UnauthorizedError extends HeadroomError {
  readonly code = "unauthorized";
}

/** The key is good but its scope does not allow this. */
export class ForbiddenError extends HeadroomError {
  readonly code = "forbidden";
}

/** This process can't answer now: not the leader, or the store is away. Retry with back-off. */
export class UnavailableError extends HeadroomError {
  readonly code = "unavailable";
}

/** The environment is not usable (port taken, folder not writable, no engine): one sentence with what to do. */
export class SetupError extends HeadroomError {
  readonly code = "setup";
}

/** This runtime has another backend or other secrets than the installation whose database it found: it must not lead. */
export class InstallationError extends SetupError {}

/** The clock of this machine is off the database's: this runtime must not lead until it is set. */
export class ClockError extends SetupError {}

/** An invariant is broken: a fault of ours. */
export class BugError extends HeadroomError {
  readonly code = "bug";
}

/**
 * What to do after a cloud refused: CAPACITY try elsewhere or later; QUOTA long back-off and alert;
 * CONFIG never retry silently; TRANSIENT retry the same.
 */
export const cloudFailureClasses = ["CAPACITY", "QUOTA", "CONFIG", "TRANSIENT"] as const;
export type CloudFailureClass = (typeof cloudFailureClasses)[number];

export class CloudError extends HeadroomError {
  readonly code = "cloud";
  constructor(
    readonly failureClass: CloudFailureClass,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const httpStatuses: Readonly<Record<string, number>> = {
  config: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  gone: 410,
  noCapacity: 422,
  cloud: 502,
  unavailable: 503,
};

export function httpStatusOf(error: unknown): number {
  return error instanceof HeadroomError ? (httpStatuses[error.code] ?? 500) : 500;
}

/** 1 = a fault of ours, 2 = bad input, 3 = environment, 4 = refused by the runtime. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return 2;
  if (error instanceof SetupError || error instanceof UnavailableError) return 3;
  if (error instanceof HeadroomError && !(error instanceof BugError)) return 4;
  return 1;
}
