/**
 * The administrator's password of a Windows instance: EC2 makes it minutes after the launch and tells it encrypted for the
 * instance's key pair (RSA, PKCS1 v1.5).
 */
import type * as pulumi from "@pulumi/pulumi";
import { constants, privateDecrypt } from "node:crypto";
import { ConfigError, type Problem } from "../../../runtime/model/errors";
import { readPrivateKey } from "../../../runtime/model/private-key";
import { loadSdk } from "../../frame/sdk";
import { packageName } from "./account";
import type { AwsSettings } from "./settings";

/** Undefined while EC2 has none. The Pulumi provider itself waits for it, so the question may also run out of its time. */
export async function readWindowsPassword(
  vmId: string,
  { region, keyName = "", keyPairPrivateKey = "" }: AwsSettings,
  options: pulumi.InvokeOptions,
): Promise<string | undefined> {
  const { getInstance } = loadSdk(
    packageName,
    () => require("@pulumi/aws/ec2/getInstance") as typeof import("@pulumi/aws/ec2/getInstance"),
  );
  const { passwordData = "" } = await getInstance({ instanceId: vmId, getPasswordData: true, region }, options);
  if (passwordData.trim() === "") return undefined;
  const password = decryptPassword(passwordData, keyPairPrivateKey);
  if (password !== undefined) return password;
  const message = `got a secret; it does not open the Windows password of ${vmId}: use the private key of key pair "${keyName}"`;
  throw ConfigError.of([{ path: "settings.keyPairPrivateKey", message }]);
}

/** Bytes of padding between the mark and the text, at least. */
const paddingMin = 8;

/** Undefined when the key does not fit. Node takes this padding away no more by itself, so it is done here. */
export function decryptPassword(passwordData: string, privateKey: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, Buffer.from(passwordData, "base64"));
  } catch {
    return undefined;
  }
  const end = bytes.indexOf(0, 2);
  const isPadded = bytes[0] === 0 && bytes[1] === 2 && end >= 2 + paddingMin;
  return isPadded ? bytes.subarray(end + 1).toString("utf8") : undefined;
}

/** What is wrong with the settings of the password beyond their schema. */
export function windowsPasswordProblems(settings: Readonly<Record<string, unknown>>): Problem[] {
  const { retrieveWindowsPassword, keyPairPrivateKey } = settings;
  const path = "keyPairPrivateKey";
  if (retrieveWindowsPassword !== true) {
    return keyPairPrivateKey === undefined
      ? []
      : [{ path, message: "got a secret; only with retrieveWindowsPassword" }];
  }
  if (keyPairPrivateKey === undefined) return [{ path, message: "is missing; required with retrieveWindowsPassword" }];
  const reading = readPrivateKey({ privateKey: String(keyPairPrivateKey) }, true);
  if (reading.kind === "bad") return [{ path, message: `got a secret; ${reading.message}` }];
  if (String(keyPairPrivateKey).trim().startsWith("-----BEGIN RSA PRIVATE KEY-----")) return [];
  return [
    {
      path,
      message:
        "got a secret; EC2 encrypts passwords for RSA keys: use one that begins with `-----BEGIN RSA PRIVATE KEY-----`",
    },
  ];
}
