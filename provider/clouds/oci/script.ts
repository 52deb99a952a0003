/** How OCI's images take a startup script. */
import { forCloudbaseInit, forCloudInit, type ScriptDelivery } from "../../frame/script";

/** Bytes of metadata and extended metadata together, as OCI counts them. */
export const metadataBytesMax = 32_000;
/** Of these for the script in base64; the rest is for SSH keys and metadata of the user. */
export const scriptBytesMax = 24_000;

export const scriptDelivery: ScriptDelivery = {
  wrap: { linux: forCloudInit, windows: forCloudbaseInit },
  encoding: "base64",
  bytesMax: scriptBytesMax,
  counted: "encoded",
};

/** The old endpoint of the metadata service, which answers only where a template wants it. */
export function metadataWarning(
  script: string,
  { legacyMetadataEndpoints }: { readonly legacyMetadataEndpoints?: boolean },
): string | undefined {
  if (legacyMetadataEndpoints === true || !/169\.254\.169\.254\/(?:opc\/v1|latest|openstack)\b/.test(script)) {
    return undefined;
  }
  return (
    "asks the old endpoint of OCI's metadata service, which does not answer there; ask /opc/v2/ with the header " +
    '"Authorization: Bearer Oracle", or set legacyMetadataEndpoints'
  );
}
