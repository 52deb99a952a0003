/** Loading of cloud SDKs: only when a cloud is used, and with one sentence when its package is not installed. */
import { SetupError } from "../../runtime/model/errors";

/** @example loadSdk("@pulumi/aws", () => require("@pulumi/aws/provider") as typeof import("@pulumi/aws/provider")) */
export function loadSdk<T>(packageName: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (!isMissing(error, packageName)) throw error;
    throw new SetupError(
      `this cloud needs the package ${packageName}, which is not installed: npm install ${packageName}`,
      {
        cause: error,
      },
    );
  }
}

function isMissing(error: unknown, packageName: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "MODULE_NOT_FOUND" &&
    error.message.includes(`'${packageName}/`)
  );
}
