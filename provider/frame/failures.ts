/**
 * What a failed create means, by the code that the cloud puts at a certain place of its error text. Words elsewhere in the
 * text say nothing: they may be the name of an image or a message for people.
 */
import type { CloudFailureClass } from "../../runtime/model/errors";

export interface FailureCodes {
  /** Where a code stands: each match of it has the code as its first group. */
  readonly place: RegExp;
  /** Which of several known codes counts: the first, or the last where a cloud wraps one refusal in another. Default "first". */
  readonly counts?: "first" | "last";
  /**
   * The codes of each class. `*` stands for any letters and dots, so that `Invalid*` is a whole family. A code that is listed in full
   * comes before families, and a family with more letters before one with fewer.
   */
  readonly codes: Readonly<Record<CloudFailureClass, readonly string[]>>;
  /** Sentences that come without a code, from the plugin or the network, so exactly that no name can look like one. Default none. */
  readonly sentences?: Readonly<Partial<Record<CloudFailureClass, readonly RegExp[]>>>;
}

/** Where clouds' sentences about the network stand, which plugins written in Go print alike. */
export const networkTroubles: readonly RegExp[] = [
  /\b(?:read|write|dial) (?:tcp|udp) [^\s"']+(?:->[^\s"']+)?: (?:i\/o timeout|(?:(?:read|write|connect): )?connection (?:reset by peer|refused|timed out))/,
  /\bnet\/http: TLS handshake timeout\b/,
  /: timeout while waiting for state to become /,
];

/** A function that finds the class of a failed create's text; undefined = not known here. */
export function classifyByCode({ place, counts = "first", codes, sentences = {} }: FailureCodes) {
  const families = Object.entries(codes)
    .flatMap(([failureClass, list]) => list.map((code) => ({ code, failureClass: failureClass as CloudFailureClass })))
    .sort((a, b) => precision(b.code) - precision(a.code))
    .map(({ code, failureClass }) => ({ failureClass, pattern: patternOf(code) }));
  return (message: string): CloudFailureClass | undefined => {
    const matches = [...message.matchAll(new RegExp(place, "gi"))];
    for (const [, code = ""] of counts === "last" ? matches.reverse() : matches) {
      const family = families.find(({ pattern }) => pattern.test(code));
      if (family) return family.failureClass;
    }
    const found = Object.entries(sentences).find(([, list]) => list.some((sentence) => sentence.test(message)));
    return found?.[0] as CloudFailureClass | undefined;
  };
}

function precision(code: string): number {
  return code.includes("*") ? code.length : Infinity;
}

function patternOf(code: string): RegExp {
  const parts = code.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\w.]*")}$`, "i");
}
