/** Harvester's images: found by the name that people see, or by that of their objects. */
import { ConfigError } from "../../../runtime/model/errors";
import type { KubernetesApi, KubernetesObject } from "./api";
import { splitName } from "./names";

export interface FoundImage {
  /** `<namespace>/<name>` of its object. */
  readonly id: string;
  /** Only this class makes volumes of the image. */
  readonly storageClass: string;
}

export interface HarvesterImage extends KubernetesObject {
  readonly spec: { readonly displayName?: string };
  readonly status?: {
    readonly storageClassName?: string;
    readonly progress?: number;
    /** Bytes. */
    readonly virtualSize?: number;
    readonly size?: number;
  };
}

export const imagesPath = (namespace: string): string =>
  `/apis/harvesterhci.io/v1beta1/namespaces/${namespace}/virtualmachineimages`;

/** @throws ConfigError when there is not exactly one, or when it is not ready. */
export async function findImage(
  api: KubernetesApi,
  diskImage: string,
  namespace: string,
): Promise<FoundImage & { readonly image: HarvesterImage }> {
  const wanted = splitName(diskImage, namespace);
  const images = await api.list<HarvesterImage>(imagesPath(wanted.namespace));
  const byObject = images.filter(({ metadata }) => metadata.name === wanted.name);
  const named = byObject.length > 0 ? byObject : images.filter(({ spec }) => spec.displayName === wanted.name);
  const refused = (message: string) => ConfigError.of([{ path: "diskImage", message: `"${diskImage}": ${message}` }]);
  const [image] = named;
  if (image === undefined) {
    throw refused(`namespace "${wanted.namespace}" has no image of this name; upload it there, or name another one`);
  }
  if (named.length > 1) {
    const names = named.map(({ metadata }) => metadata.name).sort();
    throw refused(`${names.length} images have this name (${names.join(", ")}); name one of these objects`);
  }
  const storageClass = image.status?.storageClassName;
  if (storageClass === undefined || storageClass === "") {
    throw refused("the image is not ready: it has no storage class yet; wait until its upload has ended");
  }
  return { id: `${wanted.namespace}/${image.metadata.name}`, storageClass, image };
}
