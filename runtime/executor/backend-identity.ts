/**
 * Which Pulumi backend a runtime uses, so that another one is told from the same one. Every backend has its URL without
 * what is secret or only says how to reach it; a folder (`file://`) also carries a mark, the id of the installation whose
 * stacks it holds: a folder that moved with its content is the same, one that only has the same name is not.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InstallationError, messageOf, SetupError } from "../model/errors";
import { writeDurably } from "./durable-file";

/** Parameters of backend URLs without which the rest would name another bucket. */
const namingParameters: readonly string[] = ["endpoint", "storage_account", "domain"];

const markFile = ".headroom-installation";
const installationPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export class BackendIdentity {
  /** Without user, password and keys: good for logs and for the database. */
  readonly url: string;
  private readonly folder: string | undefined;

  constructor(backendUrl: string) {
    this.url = normalise(backendUrl);
    const path = this.url.startsWith("file://") ? decodeURI(this.url.slice("file://".length)) : "";
    this.folder = path.startsWith("/") ? path : undefined;
  }

  /** True for a folder, which can carry a mark. */
  get canBeMarked(): boolean {
    return this.folder !== undefined;
  }

  /** Id of the installation whose stacks the folder holds; undefined when it was never marked or can't be. */
  async mark(): Promise<string | undefined> {
    if (this.folder === undefined) return undefined;
    try {
      const file = join(this.folder, markFile);
      const text = (await readFile(file, "utf8")).trim();
      if (installationPattern.test(text)) return text;
      const advice = "restore it, or delete it and start once with --accept backend";
      throw new SetupError(`the file ${file} holds no id of an installation, as it should; ${advice}`);
    } catch (error) {
      if (error instanceof SetupError) throw error;
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      const message = `this runtime does not lead: its backend ${this.url} can't be read (${messageOf(error)}); make the folder reachable`;
      throw new InstallationError(message, { cause: error });
    }
  }

  async setMark(installationId: string): Promise<void> {
    if (this.folder === undefined) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeDurably(join(this.folder, markFile), `${installationId}\n`);
  }
}

/** What is not a URL, e.g. `file://~`, stays as it is, up to its parameters. */
function normalise(backendUrl: string): string {
  const [location = "", query = ""] = backendUrl.split(/\?(.*)/s);
  const parameters = [...new URLSearchParams(query)].filter(([name]) => namingParameters.includes(name)).sort();
  const named = parameters.map(([name, value]) => `${name}=${withoutUser(value)}`).join("&");
  return `${withoutUser(location).replace(/(?<=[^:/])\/+$/, "")}${named === "" ? "" : `?${named}`}`;
}

function withoutUser(location: string): string {
  return location.replace(/^(\w+:\/\/)?[^/@]*@/, "$1");
}
