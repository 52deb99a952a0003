/**
 * Why an engine failed, in one sentence, from what it printed. Both engines print each error as a line `error: ...`, in
 * an order of their own, and between the cloud's sentence stand others that only follow from it. Pure.
 */

/** Says that something failed, which is known. */
const empty = /^$|^(update|preview|refresh|destroy|import) failed$|(?:^|: )\d+ errors? occurred:?$|^\*\*failed\*\*/;
/** Comes after the failure of something else, which says why. */
const consequent = /failed to register$|^error serializing property |^One or more .*failed/;
/** What the SDK, and what engines put before the sentence of others. */
const wrapping = /^(Unhandled exception: |(?:Uncaught )?\w*Error: |rpc error: code = Unknown desc = )+/;

/** More than an answer has. */
const answerLinesMax = 60;

/** Undefined when it printed no error. */
export function failureReason(output: string): string | undefined {
  const errors = errorTexts(output).map((text) => text.replace(wrapping, "").trim());
  const telling = errors.filter((text) => !empty.test(text));
  const first = telling.find((text) => !consequent.test(text)) ?? telling[0];
  // While it runs, an engine prints the first line of an error alone, and at its end the whole.
  return telling.find((text) => text.startsWith(`${first}: `)) ?? first ?? errors.find((text) => text !== "");
}

/** The first line of each error, and each entry of a list of errors. */
function errorTexts(output: string): string[] {
  const lines = output.split("\n");
  return lines.flatMap((line, index) => {
    const first = /^\s*(?:error: |\* )(.*)$/.exec(line)?.[1]?.trim();
    if (first === undefined) return [];
    return first.replace(/(?:: )?\{$/, "") + answerBelow(first, lines.slice(index + 1, index + answerLinesMax));
  });
}

/**
 * Azure's SDKs print the request alone, and below it, between rules, the whole answer; Nutanix's plugin begins the answer in the
 * line of the error. Its code and its sentence say why.
 */
function answerBelow(first: string, lines: readonly string[]): string {
  const end = lines.findIndex((line) => /^\s*error: /.test(line));
  const own = end < 0 ? lines : lines.slice(0, end);
  if (!first.endsWith("{") && !own.slice(0, 2).some((line) => /^\s*-{20,}$/.test(line))) return "";
  const text = own.join("\n");
  const code = (/^\s*ERROR CODE: (\w+)$/m.exec(text) ?? /^\s*"reason": "(\w+)"/m.exec(text))?.[1];
  const sentence = /"(?:message|error_description)": "((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const said = sentence?.split(/\\[nr]/)[0]?.replace(/\\(["\\/])/g, "$1");
  return [code, said].flatMap((part) => (part === undefined ? [] : `: ${part}`)).join("");
}
