/** Every error as an answer: the one place where HTTP statuses are given and where nothing internal may pass. */
import { BugError, HeadroomError, httpStatusOf, NoCapacityError } from "../model/errors";
import type { ErrorBody } from "./contracts";
import type { Answer } from "./route";

/** Refused before any handler saw it: wrong method, wrong type, too large, too often, not JSON. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export type Refusal = Answer & { readonly body: ErrorBody };

/** The answer for a caught error. Faults of ours get a constant message and the request id under which they are logged. */
export function answerOf(error: unknown, requestId: string): Refusal {
  if (error instanceof RequestError) {
    const { status, code, message, headers } = error;
    return { status, body: { code, message, path: "" }, headers };
  }
  if (error instanceof HeadroomError && !(error instanceof BugError)) {
    const status = httpStatusOf(error);
    if (status !== 500) return { status, body: bodyOf(error) };
  }
  const message = "an internal fault; look for the request id in the log of the runtime";
  return { status: 500, body: { code: "bug", message, requestId } };
}

function bodyOf(error: HeadroomError): ErrorBody {
  const { code, message, problems } = error;
  const refused = error instanceof NoCapacityError && error.sessionId !== undefined;
  if (refused) return { code, message, path: "", sessionId: error.sessionId, reason: error.reason };
  if (problems.length === 0) return { code, message, path: "" };
  return { code, message, path: problems[0]!.path, problems: [...problems] };
}
