/** Comments for generated sources. */

/** The project's. */
const lineWidth = 120;

/** A doc comment: one line where it fits, else wrapped; an example stays as it is. */
export function docComment(text: string, { example, indent = "" }: { example?: string; indent?: string } = {}): string {
  const single = `${indent}/** ${text} */\n`;
  if (example === undefined && single.length <= lineWidth) return single;
  const lines = wrap(text, lineWidth - `${indent} * `.length);
  if (example !== undefined) lines.push("", "@example", ...example.trimEnd().split("\n"));
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`, ""].join("\n");
}

/** Breaks at spaces, but not inside of `code`. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) line = longer;
    else {
      if (line !== "") lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
