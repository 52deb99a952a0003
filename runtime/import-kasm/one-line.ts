/** Texts of a file as people may be shown them. */

/** Without line breaks, and without what a terminal would obey. */
export function inOneLine(text: string): string {
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return plain.length > 300 ? `${plain.slice(0, 297)}...` : plain;
}
