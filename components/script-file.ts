/** Startup scripts that are files beside a program. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, messageOf } from "../runtime/model/errors";
import type { StartupScriptArgs } from "./autoscale-arguments";

/** The script in a file, instead of its text. */
export interface StartupScriptFileArgs extends Omit<StartupScriptArgs, "text"> {
  /**
   * Path of the script, from the program's folder, e.g. `"./agent.sh"`; a text file in UTF-8. It is read when the program
   * runs, and counts as if it stood in `text`: variables are replaced, other braces are doubled, unless it is `raw`.
   */
  readonly file: string;
}

/** Arguments whose startup script may be a file. */
export type WithScriptFile<Args extends { readonly startupScript?: unknown }> = Omit<Args, "startupScript"> & {
  readonly startupScript?: pulumi.Input<StartupScriptArgs | StartupScriptFileArgs>;
};

/** With the text of the file. What is known at once is refused at once, where the program says it. */
export function withScriptText(
  script: pulumi.Input<StartupScriptArgs | StartupScriptFileArgs> | undefined,
): pulumi.Input<StartupScriptArgs> | undefined {
  if (script === undefined) return undefined;
  if (pulumi.Output.isInstance(script) || script instanceof Promise) {
    return pulumi.output(script as pulumi.Input<object>).apply((known) => readScript(known as StartupScriptArgs));
  }
  return readScript(script);
}

function readScript(script: StartupScriptArgs | StartupScriptFileArgs): StartupScriptArgs {
  if (!("file" in script) || script.file === undefined) return script as StartupScriptArgs;
  const { file, ...rest } = script;
  if ("text" in rest && rest.text !== undefined) throw refused("startupScript", "give text or file, not both");
  return { ...rest, text: readText(file) };
}

function readText(file: unknown): string {
  if (typeof file !== "string" || file === "") {
    throw refused("startupScript.file", `got ${JSON.stringify(file) ?? "a value that is not known yet"}; use a path`);
  }
  const path = resolve(file);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    const why = error instanceof TypeError ? "it is no text in UTF-8" : messageOf(error);
    throw refused("startupScript.file", `${path} can't be read: ${why}`);
  }
}

function refused(path: string, message: string): ConfigError {
  return ConfigError.of([{ path, message }]);
}
