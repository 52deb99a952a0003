/** What the commands need to know before they begin: project, backend and stack. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure, exitCodes } from "../failure";
import { FileBackend, parseStackName, type StackName } from "../stack/backend";
import { pulumiHome } from "../stack/home";
import { readJson } from "../stack/json-file";
import { type Project, requireProject, selectedStack } from "../stack/project";

export interface StackContext {
  project: Project;
  backend: FileBackend;
  name: StackName;
}

/** The backend from the environment, else the project, else the last login. */
export function openBackend(project: Project): FileBackend {
  const credentials = join(pulumiHome(), "credentials.json");
  const stored = existsSync(credentials) ? readJson<{ current?: string }>(credentials) : {};
  return new FileBackend(process.env.PULUMI_BACKEND_URL || project.backendUrl || stored.current || "");
}

/** The stack that is named, else the selected one. */
export function openStack(named: string | undefined): StackContext {
  const project = requireProject(process.cwd());
  const backend = openBackend(project);
  const text = named ?? selectedStack(project, backend.url);
  if (text === undefined || text === "") {
    throw new CommandFailure(
      "no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one",
      exitCodes.stackNotFound,
    );
  }
  const name = parseStackName(text, project.name);
  if (name.project !== project.name) {
    throw new CommandFailure(`provided project name "${name.project}" doesn't match Pulumi.yaml`);
  }
  if (!backend.exists(name)) throw new CommandFailure(`no stack named '${text}' found`, exitCodes.stackNotFound);
  return { project, backend, name };
}
