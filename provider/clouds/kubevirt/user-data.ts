/** Startup scripts as images of Windows with Cloudbase-Init run them. */
import { formOf } from "../../../runtime/model/script-form";

/** PowerShell of the system's own width, unless the script says what it is. */
export function forCloudbaseInit(script: string): string {
  return formOf(script, "windows") ? script : `#ps1_sysnative\n${script}`;
}
