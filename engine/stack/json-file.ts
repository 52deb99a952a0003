/** Reads JSON that may have been cut by a full disk or written by hand: what is wrong is told with the file's name. */
import { readFileSync } from "node:fs";
import { CommandFailure } from "../failure";

/** The caller says what stands in the file. */
export function readJson<Content>(file: string): Content {
  return parseJson(readFileSync(file, "utf8"), file);
}

export function parseJson<Content>(text: string, file: string): Content {
  try {
    return JSON.parse(text) as Content;
  } catch {
    // The message of a damaged file quotes it, and there may be secrets in it.
    const why = text.trim() === "" ? "is empty" : "is cut or no JSON";
    throw new CommandFailure(`the file ${file} ${why}; restore it, or remove it to have it made anew`);
  }
}
