/** Startup scripts as a cloud's images run them on first boot: wrapped for their system, encoded, within the cloud's limit. */
import type { OsType } from "../../runtime/model/config";
import { ConfigError } from "../../runtime/model/errors";
import { formOf, tidyScript } from "../../runtime/model/script-form";

export interface ScriptDelivery {
  /** For each system that its VMs may run: the script as an image of that system takes it. */
  readonly wrap: Readonly<Partial<Record<OsType, (script: string) => string>>>;
  /** How it is sent. A cloud's SDK that encodes by itself wants it plain. */
  readonly encoding: "plain" | "base64";
  /** Bytes that the cloud takes. */
  readonly bytesMax: number;
  /** What the cloud counts, where it is sent encoded. Default `plain`: the script before it is encoded. */
  readonly counted?: "plain" | "encoded";
}

export function osTypesOf({ wrap }: ScriptDelivery): OsType[] {
  return Object.keys(wrap) as OsType[];
}

/** Bytes that a wrapped script may have before it is encoded. */
export function plainBytesMax({ encoding, bytesMax, counted }: ScriptDelivery): number {
  // Each three bytes become four.
  return encoding === "base64" && counted === "encoded" ? Math.floor(bytesMax / 4) * 3 : bytesMax;
}

/** Empty stays empty: there is nothing to run. */
export function wrapScript(script: string, osType: OsType, { wrap }: ScriptDelivery): string {
  const tidy = tidyScript(script, osType);
  return tidy === "" ? "" : (wrap[osType]?.(tidy) ?? tidy);
}

/** True where a program of the image reads the script; false where the system runs it as a file. */
export function isReadByImage({ wrap }: ScriptDelivery, osType: OsType): boolean {
  return wrap[osType] !== asItIs;
}

/** What is sent of a node's script. */
interface SentScript {
  readonly nodeId: string;
  readonly startupScript: string;
  readonly osType: OsType;
  /** Its author wants it sent as it is. Default false. */
  readonly isRawScript?: boolean;
}

/** As the cloud gets it. Refuses what the cloud would refuse, with both sizes. */
export function sentScript(
  { nodeId, startupScript, osType, isRawScript = false }: SentScript,
  delivery: ScriptDelivery,
): string {
  const wrapped = isRawScript ? startupScript : wrapScript(startupScript, osType, delivery);
  const [bytes, bytesMax] = [Buffer.byteLength(wrapped), plainBytesMax(delivery)];
  if (bytes > bytesMax) {
    const message = `the startup script has ${bytes} bytes as sent; at most ${bytesMax} are allowed: shorten it, or let it download the rest`;
    throw ConfigError.of([{ path: "startupScript.text", message }], `node ${nodeId}`);
  }
  return delivery.encoding === "base64" ? Buffer.from(wrapped).toString("base64") : wrapped;
}

/** The system runs it by its first line, as it is. */
export const asItIs = (script: string): string => script;

/** For images with cloud-init, which ignores a script without a form: such a one runs by /bin/sh. */
export function forCloudInit(script: string): string {
  return formOf(script, "linux") ? script : `#!/bin/sh\n${script}`;
}

/** For Windows images with EC2Launch: PowerShell unless the script says what it is. */
export function forEc2Launch(script: string): string {
  return formOf(script, "windows") ? script : `<powershell>\n${script}\n</powershell>`;
}

/** For Windows images with Cloudbase-Init: PowerShell unless the script says what it is. */
export function forCloudbaseInit(script: string): string {
  return formOf(script, "windows") ? script : `#ps1_sysnative\n${script}`;
}
