/**
 * What a failed create means, by the code that the cloud puts at a certain place of its error text. Words elsewhere in the
 * text say nothing: they may be the name of an image or a message for people.
 */
import type { CloudFailureClass } from "../../runtime/model/errors";

export interface FailureCodes {
  /**
   * Where a code stands: each match of it has the code as its first group. Of several the innermost counts, which is the last
   * one that is known: what is around it only says where it came up.
   */
  readonly place: RegExp;
  /**
   * The codes of each class. `*` stands for any letters and dots, so that `Invalid*` is a whole family. A code that is listed in full
   * comes before families, and a family with more letters before one with fewer.
   */
  readonly codes: Readonly<Record<CloudFailureClass, readonly string[]>>;
  /** Codes that mean something else with what stands beside them; the first that fits comes before {@link codes}. Default none. */
  readonly exceptions?: readonly CodeException[];
  /** Sentences that come without a code, from the plugin or the network, so exactly that no name can look like one. Default none. */
  readonly sentences?: Readonly<Partial<Record<CloudFailureClass, readonly RegExp[]>>>;
}

export interface CodeException {
  /** In full, or a family; `*` is any code. */
  readonly code: string;
  /** What stands before the code, as far as the code before it: the operation. Default anything. */
  readonly operation?: RegExp;
  /** What stands behind the code, as far as the next one: the cloud's sentence. Default anything. */
  readonly says?: RegExp;
  readonly failureClass: CloudFailureClass;
}

/** Where clouds' sentences about the network stand, which plugins written in Go print alike. */
export const networkTroubles: readonly RegExp[] = [
  /\b(?:read|write|dial) (?:tcp|udp) [^\s"']+(?:->[^\s"']+)?: (?:i\/o timeout|(?:(?:read|write|connect): )?connection (?:reset by peer|refused|timed out))/,
  /\bnet\/http: TLS handshake timeout\b/,
  /: timeout while waiting for state to become /,
];

/** A function that finds the class of a failed create's text; undefined = not known here. */
export function classifyByCode({ place, codes, exceptions = [], sentences = {} }: FailureCodes) {
  const families = Object.entries(codes)
    .flatMap(([failureClass, list]) => list.map((code) => ({ code, failureClass: failureClass as CloudFailureClass })))
    .sort((a, b) => precision(b.code) - precision(a.code))
    .map(({ code, failureClass }) => ({ failureClass, pattern: patternOf(code) }));
  const special = exceptions.map((exception) => ({ ...exception, pattern: patternOf(exception.code) }));
  const classOf = ({ code, before, behind }: PlacedCode): CloudFailureClass | undefined =>
    special.find(
      ({ pattern, operation, says }) =>
        pattern.test(code) && (operation?.test(before) ?? true) && (says?.test(behind) ?? true),
    )?.failureClass ?? families.find(({ pattern }) => pattern.test(code))?.failureClass;
  return (message: string): CloudFailureClass | undefined => {
    for (const placed of codesIn(message, place).toReversed()) {
      const failureClass = classOf(placed);
      if (failureClass) return failureClass;
    }
    const found = Object.entries(sentences).find(([, list]) => list.some((sentence) => sentence.test(message)));
    return found?.[0] as CloudFailureClass | undefined;
  };
}

interface PlacedCode {
  readonly code: string;
  /** The text between it and the code before it, and the one behind it. */
  readonly before: string;
  readonly behind: string;
}

/** In the order of the text. */
function codesIn(message: string, place: RegExp): PlacedCode[] {
  const matches = [...message.matchAll(new RegExp(place, "gi"))];
  const endOf = (match: RegExpExecArray | undefined) => (match === undefined ? 0 : match.index + match[0].length);
  return matches.map((match, index) => ({
    code: match[1] ?? "",
    before: message.slice(endOf(matches[index - 1]), match.index),
    behind: message.slice(endOf(match), matches[index + 1]?.index),
  }));
}

function precision(code: string): number {
  return code.includes("*") ? code.length : Infinity;
}

function patternOf(code: string): RegExp {
  const parts = code.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\w.]*")}$`, "i");
}
