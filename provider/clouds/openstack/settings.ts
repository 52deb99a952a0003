/** What a VM provider config of kind `openstack` may say. */
import { z } from "zod";
import { wholeGib } from "../../frame/fields";
import type { Inputs } from "../../frame/inputs";
import { accessFields, accessProblems } from "./account";
import { disksOf } from "./disks";
import { imageUuid, metadataShape, name, networkUuid, zoneName } from "./names";
import { inputOverride, serverOverride } from "./overrides";

export const openStackSettingsSchema = z
  .strictObject({
    ...accessFields,
    region: name
      .optional()
      .describe(
        'Region of the VMs, e.g. `"RegionOne"`. Default: the first one of the catalog; name it where there are several.',
      ),
    imageId: imageUuid
      .optional()
      .describe(
        'Id of the image of the VMs, e.g. `"70a599e0-31e7-49b7-b260-868f441e862b"`. Either this or `imageName`. Running nodes keep theirs. Default none.',
      ),
    imageName: name
      .optional()
      .describe(
        "Name of the image, which exactly one has that the project sees; not with disks that are made of an image by its id. Default none.",
      ),
    flavor: name
      .optional()
      .describe(
        'Name of the flavor, e.g. `"gen.medium"`; decides cores, memory and GPUs. Either this or `flavorId`. Default none.',
      ),
    flavorId: name.optional().describe("Id of the flavor, where two have one name. Default none."),
    createVolume: z
      .boolean()
      .default(false)
      .describe(
        "Whether a VM boots from a new volume of Cinder, which goes with it, instead of a disk on its host of the flavor's size.",
      ),
    volumeSize: wholeGib
      .optional()
      .describe('Size of that volume in whole GiB, e.g. `"50GiB"`; required with `createVolume`. Default none.'),
    volumeType: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('Type of that volume, e.g. `"__DEFAULT__"`. Default: the one of the cloud.'),
    networkId: networkUuid
      .optional()
      .describe("Id of the network of the VMs. Either this or `networkName`. Default none."),
    networkName: name
      .optional()
      .describe("Name of the network, which exactly one has that the project sees. Default none."),
    securityGroups: z
      .array(name)
      .max(50)
      .optional()
      .describe(
        'Names of security groups of the project, or ids where two have one name, e.g. `["sg1", "sg2"]`. Default: the group `default` of the project.',
      ),
    keyName: name
      .optional()
      .describe("Name of a key pair of the user who made the credential. Default none: nobody can log in by SSH key."),
    availabilityZone: zoneName
      .optional()
      .describe('Availability zone of the VMs, e.g. `"nova"`. Default: as Nova chooses.'),
    configDrive: z
      .boolean()
      .default(true)
      .describe(
        "Whether a VM gets metadata and startup script on a small drive, too, and not by the metadata service alone, which not every network has.",
      ),
    metadata: metadataShape
      .default({})
      .describe('Metadata of the VMs, beside that which says whose they are, e.g. `{ my_tag: "my_value" }`.'),
    configOverride: serverOverride
      .prefault({})
      .describe(
        'Fields of Nova\'s request for a server (`server` in `POST /servers`, and `scheduler_hints`) in its own words, merged over the computed ones, e.g. `{ config_drive: false, tags: ["labs"] }`. Unknown and protected fields are refused.',
      ),
    inputOverride: inputOverride
      .prefault({})
      .describe(
        "Inputs of the Pulumi resource `openstack.compute.Instance` by their own names; wins over `configOverride`. `forceDelete` is true unless it says otherwise.",
      ),
  })
  .superRefine((settings, context) => {
    const problems = [
      ...accessProblems(settings),
      ...oneOf(settings, "flavor", "flavorId"),
      ...networkProblems(settings),
      ...diskProblems(settings),
    ];
    for (const { path, message } of problems) {
      context.addIssue({ code: "custom", path: path.split("."), message });
    }
  });
export type OpenStackSettings = z.output<typeof openStackSettingsSchema>;

interface FieldProblem {
  /** In dots. */
  readonly path: string;
  readonly message: string;
}

function oneOf(settings: Inputs, first: string, second: string): FieldProblem[] {
  const given = [first, second].filter((field) => settings[field] !== undefined);
  if (given.length === 2) return [{ path: second, message: `not with ${first}: say one of the two` }];
  return given.length === 1 ? [] : [{ path: first, message: `required, or ${second}` }];
}

function networkProblems(settings: {
  readonly networkId?: string | undefined;
  readonly networkName?: string | undefined;
  readonly configOverride: Inputs;
  readonly inputOverride: Inputs;
}): FieldProblem[] {
  const override = overrideOf(settings, "networks");
  if (override === undefined) return oneOf(settings, "networkId", "networkName");
  const fields = ["networkId", "networkName"] as const;
  return fields
    .filter((field) => settings[field] !== undefined)
    .map((path) => ({ path, message: `not with ${override}, which names all networks` }));
}

/** Which of the overrides says this input of the resource, as a path; undefined = none. */
function overrideOf(
  { configOverride, inputOverride: own }: { readonly configOverride: Inputs; readonly inputOverride: Inputs },
  input: string,
): string | undefined {
  if (own[input] !== undefined) return `inputOverride.${input}`;
  return configOverride[input] === undefined ? undefined : "configOverride";
}

function diskProblems(settings: Parameters<typeof disksOf>[0]): FieldProblem[] {
  const { createVolume, volumeSize, volumeType, imageId, imageName } = settings;
  const { boot, more } = disksOf(settings);
  const problems: FieldProblem[] = [];
  if (boot !== undefined) {
    const what = "the override's boot disk says what the system is made of";
    if (createVolume)
      problems.push({ path: "createVolume", message: `not true beside a boot disk in an override: ${what}` });
    if (imageId !== undefined)
      problems.push({ path: "imageId", message: `not beside a boot disk in an override: ${what}` });
    if (imageName !== undefined)
      problems.push({ path: "imageName", message: `not beside a boot disk in an override: ${what}` });
  } else {
    problems.push(...oneOf({ imageId, imageName }, "imageId", "imageName"));
    if (imageName !== undefined && (createVolume || more.length > 0)) {
      const why = createVolume ? "createVolume" : "disks in an override";
      problems.push({
        path: "imageName",
        message: `not with ${why}: name the image by imageId, of which the disk is made`,
      });
    }
  }
  if (createVolume && volumeSize === undefined) {
    const message = "required with createVolume: at least the disk that the image needs, in whole GiB";
    problems.push({ path: "volumeSize", message });
  }
  if (!createVolume) {
    if (volumeSize !== undefined) problems.push({ path: "volumeSize", message: "only with createVolume" });
    if (volumeType !== undefined) problems.push({ path: "volumeType", message: "only with createVolume" });
  }
  const isTyped = volumeType !== undefined || [boot, ...more].some((disk) => disk?.volumeType !== undefined);
  const files = overrideOf(settings, "personalities");
  if (isTyped && files !== undefined) {
    const message = "no files can be sent beside a volume's type: Nova takes them only in requests that know no types";
    problems.push({ path: files, message });
  }
  return problems;
}
