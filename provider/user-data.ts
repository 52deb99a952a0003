/** Startup scripts as a cloud's image runs them on first boot. Each cloud says which form it takes and how long. */
import { ConfigError } from "../runtime/model/errors";

/** What cloud-init recognises by the first characters; anything else it would ignore without a word. */
const cloudInitStarts = ["#!", "#cloud-config", "#cloud-boothook", "#include", "#part-handler", "## template:"];

/** For images with cloud-init: a script without a first line that names its interpreter runs by /bin/sh. */
export function forCloudInit(script: string): string {
  const isKnown =
    cloudInitStarts.some((start) => script.startsWith(start)) || /^(Content-Type|MIME-Version):/i.test(script);
  return isKnown || script === "" ? script : `#!/bin/sh\n${script}`;
}

/** For Windows images with EC2Launch: PowerShell unless the script says what it is. */
export function forEc2Launch(script: string): string {
  if (script === "" || /<(powershell|script)>/i.test(script)) return script;
  return `<powershell>\n${script}\n</powershell>`;
}

/** Refuses what the cloud would refuse, with both sizes. Call it with the script as it is sent. */
export function checkUserDataSize(nodeId: string, userData: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(userData);
  if (bytes <= bytesMax) return;
  const message = `the startup script has ${bytes} bytes as sent; at most ${bytesMax} are allowed: shorten it, or let it download the rest`;
  throw ConfigError.of([{ path: "startupScript.text", message }], `node ${nodeId}`);
}
