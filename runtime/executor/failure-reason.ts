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

/** Undefined when it printed no error. */
export function failureReason(output: string): string | undefined {
  const errors = errorTexts(output).map((text) => text.replace(wrapping, "").trim());
  const telling = errors.filter((text) => !empty.test(text));
  return telling.find((text) => !consequent.test(text)) ?? telling[0] ?? errors.find((text) => text !== "");
}

/** The first line of each error, and each entry of a list of errors. */
function errorTexts(output: string): string[] {
  return output.split("\n").flatMap((line) => /^\s*(?:error: |\* )(.*)$/.exec(line)?.[1]?.trim() ?? []);
}
