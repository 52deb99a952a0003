/** What VM and DNS provider configs of kind `digitalocean` may say. */
import type { DropletArgs } from "@pulumi/digitalocean/droplet";
import { z } from "zod";
import { domainSchema } from "../../../runtime/model/fields";
import { addressTypeField } from "../../frame/fields";
import { fields, flag, overrideSchema, ownNames, refuse, text, texts, type OverrideRule } from "../../frame/overrides";
import { tokenFields } from "./account";

const tagRule = 'a tag has 1 to 255 letters, digits, ":", "-" and "_", and no "headroom-" at its start';
const tag = z.string().regex(/^(?!headroom-)[A-Za-z0-9:_-]{1,255}$/i, tagRule);
const tagList = z
  .string()
  .refine(
    (list) => z.array(tag).max(50).safeParse(tagsIn(list)).success,
    `use tags with commas between them; ${tagRule}`,
  );

function tagsIn(list: string): string[] {
  return list.split(",").map((name) => name.trim());
}

/** Far more than people who may log in to a node. */
const sshKeysMax = 50;

const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);

/** Every input of `digitalocean.Droplet`; the compiler keeps the list complete. */
export const dropletInputs = ownNames({
  backupPolicy: fields({
    plan: z.enum(["daily", "weekly"]),
    weekday: z.enum(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    hour: z.literal([0, 4, 8, 12, 16, 20]),
  }),
  backups: flag,
  dropletAgent: flag,
  gpuPartitionMode: text,
  gracefulShutdown: flag,
  image: setBy("image"),
  ipv6: flag,
  ipv6Address: refuse("not settable: DigitalOcean gives the address, use ipv6"),
  monitoring: flag,
  name: refuse("not settable: a Droplet is found again by its name, which is the node's id"),
  privateNetworking: setBy("vpcUuid"),
  publicNetworking: flag,
  region: setBy("region"),
  resizeDisk: refuse("not settable: nodes are never resized"),
  size: setBy("size"),
  sshKeys: texts,
  tags: setBy("tags"),
  userData: refuse("not settable: the autoscale config's startupScript is sent as user data"),
  volumeIds: refuse("not settable: a volume can be attached to one Droplet, and these settings make many"),
  vpcUuid: setBy("vpcUuid"),
} satisfies Record<keyof DropletArgs, z.ZodType | OverrideRule>);

export const dropletSettingsSchema = z
  .strictObject({
    ...tokenFields,
    region: z
      .string()
      .regex(/^[a-z]{2,6}\d{1,2}$/, 'use the slug of a region such as "nyc1"')
      .describe('Region of the Droplets, e.g. `"nyc1"`.'),
    image: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]*$/, 'use a slug such as "ubuntu-24-04-x64", or an id as text such as "123456789"')
      .describe(
        'Slug of a public image, or the id of a snapshot or custom image as text, e.g. `"ubuntu-24-04-x64"`. For new nodes only; running ones keep theirs.',
      ),
    size: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]*$/, 'use the slug of a size such as "c-2"')
      .describe('Slug of the Droplets\' size, e.g. `"c-2"`; decides cores, memory and GPUs.'),
    tags: z
      .union([tagList, z.array(tag).max(50)], {
        error: "use a list of tags, or a text with commas between them",
      })
      .default([])
      .transform((tags) => (typeof tags === "string" ? tagsIn(tags) : tags))
      .describe(
        'Tags on the Droplets, beside those that say whose they are: a list, or a text with commas between them, e.g. `["team:labs"]`. The first Droplet makes those that the team does not have yet. A firewall that has one of them applies to the nodes.',
      ),
    sshKeyName: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(sshKeysMax)], {
        error: `use the name of an SSH key, or a list of 1 to ${sshKeysMax} names`,
      })
      .default([])
      .transform((names) => (typeof names === "string" ? [names] : [...new Set(names)]))
      .describe(
        'Name of an SSH key of the team whose owner may log in as root, or a list of names, e.g. `["ops"]`. Default none: DigitalOcean mails a password for each Droplet.',
      ),
    firewallName: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe(
        "Name of a firewall of the team that applies to the nodes, from their first second on: it is given a tag that they have. Exactly one has this name. Default none.",
      ),
    firewallId: z
      .uuid("use the id of a firewall, as `doctl compute firewall list` shows it")
      .optional()
      .describe(
        "Id of a firewall that you apply to the nodes yourself, by one of `tags` or by `headroom-pool:<pool>`; the account's check tells when it has none of them. Default none: nothing is checked.",
      ),
    vpcUuid: z
      .uuid("use the id of a VPC, as `doctl vpcs list` shows it")
      .optional()
      .describe("Id of the VPC, in the same region. Default: that of the region."),
    addressType: addressTypeField.describe(
      "Which of a Droplet's addresses the runtime and the users' proxy use: `private`, that in the VPC, or `public`.",
    ),
    inputOverride: overrideSchema(dropletInputs)
      .prefault({})
      .describe(
        "Further inputs of the Pulumi resource `digitalocean.Droplet` by their own names, e.g. `{ monitoring: true }`.",
      ),
  })
  .superRefine(({ sshKeyName, firewallName, firewallId, addressType, inputOverride }, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if (firewallName !== undefined && firewallId !== undefined) {
      issue(["firewallId"], "not with firewallName: name the firewall in one of the two");
    }
    if (sshKeyName.length > 0 && "sshKeys" in inputOverride) {
      issue(["inputOverride", "sshKeys"], "not with sshKeyName: name the keys in one of the two");
    }
    if (addressType === "public" && inputOverride["publicNetworking"] === false) {
      issue(["inputOverride", "publicNetworking"], "not false with addressType public");
    }
    if (inputOverride["ipv6"] === true && inputOverride["publicNetworking"] === false) {
      issue(["inputOverride", "ipv6"], "not true without publicNetworking");
    }
    if ("backupPolicy" in inputOverride && inputOverride["backups"] !== true) {
      issue(["inputOverride", "backupPolicy"], "only with backups: true");
    }
  });
export type DropletSettings = z.output<typeof dropletSettingsSchema>;

export const recordSettingsSchema = z.strictObject({
  ...tokenFields,
  domain: domainSchema
    .optional()
    .describe(
      "Domain of the team that the records go into. Default: the one with the longest name that the base domain name ends in.",
    ),
});
export type RecordSettings = z.output<typeof recordSettingsSchema>;
