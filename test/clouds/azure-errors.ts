/** Azure's refusals, as its plugin prints them. */

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
const line = "-".repeat(80);

export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** What the service answers. */
export function bodyOf(
  { code, message }: Refused,
  inner?: { readonly code: string; readonly message: string },
): string {
  return JSON.stringify({ error: { code, message, ...(inner ? { details: [inner] } : {}) } }, undefined, 2);
}

/** With the whole answer in it. */
export function pluginError(
  request: string,
  refused: Refused,
  inner?: { readonly code: string; readonly message: string },
): string {
  const { status, code } = refused;
  return [
    `${request}`,
    line,
    `RESPONSE ${status}: ${status} ${reasons[status] ?? ""}`,
    `ERROR CODE: ${code}`,
    line,
    bodyOf(refused, inner),
    line,
  ].join("\n");
}

/** The other form that it has, of the same refusal. */
export function shortError({ status, code, message }: Refused): string {
  return `Status=${status} Code="${code}" Message="${message}"`;
}

const vms =
  "PUT https://management.azure.com/subscriptions/0/resourceGroups/dev/providers/Microsoft.Compute/virtualMachines/n";

export const createError = (status: number, code: string, message: string, inner?: { code: string; message: string }) =>
  pluginError(vms, { status, code, message }, inner);

/** The directory refuses the credentials themselves. */
export function credentialError(description: string): string {
  return [
    "ClientSecretCredential authentication failed. ",
    "POST https://login.microsoftonline.com/directory/oauth2/v2.0/token",
    line,
    "RESPONSE 401: 401 Unauthorized",
    line,
    JSON.stringify({ error: "invalid_client", error_description: description }, undefined, 2),
    line,
  ].join("\n");
}

export function deniedMessage(action: string): string {
  return `The client '5f1a' with object id '5f1a' does not have authorization to perform action '${action}' over scope '/subscriptions/0' or the scope is invalid.`;
}

export function notFound(what: string): Refused {
  return { status: 404, code: "ResourceNotFound", message: `The Resource '${what}' was not found.` };
}
