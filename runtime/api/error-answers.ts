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
  ) {
    super(message);
  }
}

/** The answer for a caught error. Faults of ours get a constant message and the request id under which they are logged. */
export function answerOf(error: unknown, requestId: string): Answer & { readonly body: ErrorBody } {
  if (error instanceof RequestError) {
    return { status: error.status, body: { code: error.code, message: error.message, path: "" } };
  }
  if (error instanceof HeadroomError && !(error instanceof BugError)) {
    const status = httpStatusOf(error);
    if (status !== 500) return { status, body: bodyOf(error) };
  }
  const parsed = answerOfExpress(error);
  if (parsed) return parsed;
  const message = "an internal fault; look for the request id in the log of the runtime";
  return { status: 500, body: { code: "bug", message, requestId } };
}

function bodyOf(error: HeadroomError): ErrorBody {
  const { code, message, problems } = error;
  const refused = error instanceof NoCapacityError && error.sessionId !== undefined;
  if (refused) return { code, message, path: "", sessionId: error.sessionId };
  if (problems.length === 0) return { code, message, path: "" };
  return { code, message, path: problems[0]!.path, problems: [...problems] };
}

/** Errors of Express and its body parser: bad JSON, unknown charset, aborted, bad escapes in the path. */
function answerOfExpress(error: unknown): (Answer & { readonly body: ErrorBody }) | undefined {
  if (typeof error !== "object" || error === null || !("status" in error)) return undefined;
  const status = error.status;
  if (typeof status !== "number" || status < 400 || status > 499) return undefined;
  const type = "type" in error ? error.type : undefined;
  const answer = (code: string, message: string) => ({ status, body: { code, message, path: "" } });
  switch (type) {
    case "entity.parse.failed":
      return answer("config", "the body is not JSON; send one JSON object");
    case "entity.too.large":
      return answer("tooLarge", "the body is too large; at most 1 MiB, 16 KiB from nodes");
    case "charset.unsupported":
    case "encoding.unsupported":
      return answer("unsupportedMediaType", "send JSON in UTF-8, plain or compressed with gzip, deflate or br");
    default:
      return answer("config", "the request is malformed");
  }
}
