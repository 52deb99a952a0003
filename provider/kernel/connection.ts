/** How definitions reach their runtime: as the provider resource, the stack or the environment says. */
import { readFileSync } from "node:fs";
import { HeadroomClient } from "../../runtime/api/client";
import { messageOf, SetupError } from "../../runtime/model/errors";

export interface RuntimeConnection {
  readonly endpoint?: string | undefined;
  readonly apiKey?: string | undefined;
  /** In PEM: who may have signed the runtime's certificate. */
  readonly tlsCa?: string | undefined;
  /** A file with the same, where the text is not given. */
  readonly tlsCaFile?: string | undefined;
  /** Of the node program: the settings of a directory as JSON, for computer records. Secret. */
  readonly directory?: string | undefined;
}

export function connectionDefaults(environment: NodeJS.ProcessEnv): RuntimeConnection {
  const { HEADROOM_ENDPOINT: endpoint, HEADROOM_API_KEY: apiKey, HEADROOM_TLS_CA: file } = environment;
  return { endpoint, apiKey, tlsCaFile: file === "" ? undefined : file };
}

export function connect(
  { endpoint, apiKey, tlsCa, tlsCaFile }: RuntimeConnection,
  signal: AbortSignal,
): HeadroomClient {
  if (endpoint === undefined) {
    throw new SetupError(
      "no Headroom runtime is named: set the stack configuration headroom:endpoint and, as a secret, headroom:apiKey, " +
        "or the environment variables HEADROOM_ENDPOINT and HEADROOM_API_KEY",
    );
  }
  const certificates = tlsCa ?? (tlsCaFile === undefined ? undefined : readCertificates(tlsCaFile));
  return new HeadroomClient({ endpoint, apiKey, signal, tlsCa: certificates });
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SetupError(`HEADROOM_TLS_CA names ${file}, which can't be read (${messageOf(cause)})`, { cause });
  }
}
