/** What a command line asks of an operation. */
import type { DeploymentOptions } from "../deployment/context";
import type { FileBackend, StackName } from "../stack/backend";
import type { Project } from "../stack/project";

export interface OperationRequest {
  backend: FileBackend;
  project: Project;
  name: StackName;
  options: Omit<DeploymentOptions, "project" | "stack">;
  /** Address of an inline program's host. */
  client: string | undefined;
  eventLog: string | undefined;
  configFile: string | undefined;
  execKind: string;
  clearPendingCreates: boolean;
  suppressOutputs: boolean;
}
