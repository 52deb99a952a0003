/** The key that a Guacamole shares with us, from the file of `--guacamole-key-file`. */
import { readFileSync } from "node:fs";
import { parseGuacamoleKey } from "../api/guacamole";
import { messageOf, SetupError } from "../model/errors";

/** Undefined without a file: there is no Guacamole then. */
export function readGuacamoleKey(file: string | undefined): Uint8Array | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new SetupError(`the file of --guacamole-key-file can't be read: ${messageOf(cause)}`, { cause });
  }
  return parseGuacamoleKey(text, file);
}
