/**
 * What a VM finds in its `guestinfo` when it starts: its name, its keys and its startup script. Every user of the guest can read it
 * there, so whoever runs the script takes it away first.
 */
import { gzipSync } from "node:zlib";
import type { OsType } from "../../../runtime/model/config";
import { ConfigError } from "../../../runtime/model/errors";
import { forCloudbaseInit, forCloudInit, type ScriptDelivery } from "../../frame/script";
import { scriptKey, runOnceCommand } from "./guest-script";
import { windowsName } from "./names";
import { scriptMethodOf, type VSphereSettings } from "./settings";

/** What VMware Tools hand over of one value at most. */
const valueBytesMax = 64 * 1024;

export const scriptDelivery: ScriptDelivery = {
  // For PowerShell the first line that Cloudbase-Init wants is a comment.
  wrap: { linux: forCloudInit, windows: forCloudbaseInit },
  encoding: "plain",
  bytesMax: 64_000,
};

interface Delivered {
  readonly nodeId: string;
  readonly osType: OsType;
  readonly settings: Pick<VSphereSettings, "startupScriptMethod" | "guestUsername" | "guestPassword" | "sshPublicKey">;
}

/** @param script As it is sent; empty = none. */
export function guestInfo(node: Delivered, script: string): Record<string, string> {
  const { nodeId, osType, settings } = node;
  const isRead = scriptMethodOf(settings) === "guestinfo";
  const metadata = {
    "instance-id": nodeId,
    "local-hostname": osType === "windows" ? windowsName(nodeId) : nodeId,
    ...(settings.sshPublicKey !== undefined && { "public-keys-data": settings.sshPublicKey }),
    // Older versions of cloud-init know it by its older name only.
    ...(isRead && script !== "" && { redact: ["userdata"], "cleanup-guestinfo": ["userdata"] }),
  };
  return {
    "guestinfo.metadata": Buffer.from(JSON.stringify(metadata)).toString("base64"),
    "guestinfo.metadata.encoding": "base64",
    ...(script !== "" && (isRead ? userData(nodeId, script) : { [scriptKey]: packed(nodeId, script) })),
  };
}

/** For `sysprep`: Windows gets a new identity, and its first logon runs the script. */
export function customization(
  { nodeId, osType, settings }: Delivered,
  script: string,
): Record<string, unknown> | undefined {
  if (scriptMethodOf(settings) !== "sysprep") return undefined;
  if (osType !== "windows") {
    const message = `got "sysprep" for node ${nodeId}, whose startup script is for Linux; use guestinfo or tools`;
    throw ConfigError.of([{ path: "startupScriptMethod", message }]);
  }
  const logon = { autoLogon: true, autoLogonCount: 1, runOnceCommandLists: [runOnceCommand] };
  return {
    windowsOptions: {
      ...{ computerName: windowsName(nodeId), adminPassword: settings.guestPassword, fullName: "Administrator" },
      ...{ organizationName: "Headroom", ...(script !== "" && logon) },
    },
  };
}

function userData(nodeId: string, script: string): Record<string, string> {
  return { "guestinfo.userdata": packed(nodeId, script), "guestinfo.userdata.encoding": "gzip+base64" };
}

function packed(nodeId: string, script: string): string {
  const text = gzipSync(script).toString("base64");
  if (text.length <= valueBytesMax) return text;
  const message = `the startup script has ${text.length} bytes when it is compressed and encoded; VMware Tools hand over at most ${valueBytesMax}: shorten it, or let it download the rest`;
  throw ConfigError.of([{ path: "startupScript.text", message }], `node ${nodeId}`);
}
