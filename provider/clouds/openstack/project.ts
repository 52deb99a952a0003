/**
 * Which project credentials lead to. To those of another project every VM is not found, which the Pulumi plugin takes for
 * deleted: so the project is asked for before anything else, once it is known.
 */
import { ConfigError } from "../../../runtime/model/errors";
import type { OpenStackApi } from "./api";

export const otherProject = "leads to the OpenStack project";

/** @param wanted Id of the project that the VMs are in. */
export async function requireProject(api: OpenStackApi, wanted: string, field: string): Promise<void> {
  const { project } = await api.login();
  if (project.id === wanted) return;
  const message = `${otherProject} ${project.id} ("${project.name}"), and the VMs are in ${wanted}; declare a way into their project`;
  throw ConfigError.of([{ path: field, message }]);
}
