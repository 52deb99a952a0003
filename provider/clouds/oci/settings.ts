/** What VM and DNS provider configs of kind `oci` may say. */
import { z } from "zod";
import { domainSchema } from "../../../runtime/model/fields";
import { accountFields, credentialProblems } from "./account";
import { combinationProblems } from "./combinations";
import { ocidOf, regionName } from "./names";
import { vmFields } from "./template";

export const ociSettingsSchema = vmFields.superRefine((settings, context) => {
  const issue = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
  for (const { path, message } of credentialProblems(settings)) issue([path], message);
  for (const { path, message } of combinationProblems(settings)) issue(path, message);
});
export type OciSettings = z.output<typeof ociSettingsSchema>;

export const ociDnsSettingsSchema = z
  .strictObject({
    ...accountFields,
    region: regionName.describe(
      'A region that the tenancy is subscribed to, e.g. `"us-ashburn-1"`; private zones are in one.',
    ),
    compartmentOcid: ocidOf("compartment", "tenancy")
      .optional()
      .describe(
        'Compartment that the zones are in, e.g. `"ocid1.compartment.oc1..xyz"`. Default none: required without `zone`.',
      ),
    zone: z
      .union([domainSchema, ocidOf("dns-zone")], {
        error: 'use the name of a zone such as "labs.example.org", or its OCID, which begins with "ocid1.dns-zone."',
      })
      .optional()
      .describe(
        'Zone of the records by name or OCID, e.g. `"labs.example.org"`. Default: the one of the compartment with the longest name that the base domain name ends in.',
      ),
    privateViewOcid: ocidOf("dnsview")
      .optional()
      .describe('Private view that the zone is in, e.g. `"ocid1.dnsview.oc1.iad.xyz"`. Default none: a public zone.'),
  })
  .superRefine((settings, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    for (const { path, message } of credentialProblems(settings)) issue(path, message);
    if (settings.zone === undefined && settings.compartmentOcid === undefined) {
      issue("compartmentOcid", "required without zone: zones are looked for in a compartment");
    }
  });
export type OciDnsSettings = z.output<typeof ociDnsSettingsSchema>;
