/** What the check of an OCI key and template tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedOci } from "../emulated-oci";
import { domains } from "../emulated-oci-facts";
import { notAuthenticated, ociError } from "../oci-api";

const gib = 2 ** 30;
const gone = "ocid1.compartment.oc1..gone";
/** A shape that has its own size: what is said of a flexible one is left out. */
const fixed = { ocpus: undefined, memory: undefined };

export const ociChecks: readonly CheckCase<EmulatedOci>[] = [
  {
    name: "a fixed shape has two cores for each OCPU",
    template: { ...fixed, shape: "VM.Standard2.4" },
    finds: [],
    size: { name: "VM.Standard2.4", shape: { cores: 8, memoryBytes: 60 * gib, gpus: 0 } },
  },
  {
    name: "GPUs of a shape, which not every availability domain has",
    template: { ...fixed, shape: "VM.GPU3.2", availabilityDomains: domains.slice(1) },
    finds: [["wrong", "shape", /^shape "VM\.GPU3\.2": BEol:US-ASHBURN-AD-2 does not have this shape; leave it out/]],
    size: { name: "VM.GPU3.2", shape: { cores: 24, memoryBytes: 180 * gib, gpus: 2 } },
  },
  {
    name: "a shape that is nowhere",
    template: { ...fixed, shape: "VM.Standard1.1" },
    finds: [["wrong", "shape", /none of the availability domains .*AD-1, .*AD-2 has this shape; name another one/]],
  },
  {
    name: "an image that does not run on the shape (Arm)",
    template: { shape: "VM.Standard.A1.Flex" },
    finds: [["wrong", "shape", /the image does not run on this shape/]],
  },
  {
    name: "an image of another architecture, by an override",
    template: { inputOverride: { sourceDetails: { sourceId: "ocid1.image.oc1.iad.arm" } } },
    finds: [["wrong", "shape", /the image does not run on this shape/]],
  },
  {
    name: "more OCPUs and memory than the shape takes",
    template: { shape: "VM.Optimized3.Flex", ocpus: 20, memory: "600GiB" },
    finds: [
      ["wrong", "shape", /takes from 1 to 18 OCPUs, not 20/],
      ["wrong", "shape", /takes from 20 to 256 GiB of memory with 20 OCPUs, not 600/],
    ],
  },
  {
    name: "a baseline that the shape does not have, which the API refuses as not found",
    arrange: ({ facts }) =>
      void facts.shapes.push({
        ...facts.shapes[0]!,
        name: "VM.Standard.E3.Flex",
        baselineOcpuUtilizations: ["BASELINE_1_2"],
      }),
    template: { shape: "VM.Standard.E3.Flex", baselineOcpuUtilization: "BASELINE_1_8" },
    finds: [["wrong", "shape", /can't be burstable with BASELINE_1_8; it takes BASELINE_1_2/]],
  },
  {
    name: "an availability domain that the tenancy does not have",
    template: { availabilityDomains: [domains[0], "Xyz1:US-ASHBURN-AD-2"] },
    finds: [
      ["wrong", "availabilityDomains", /"Xyz1:US-ASHBURN-AD-2": .*it has BEol:US-ASHBURN-AD-1, BEol/],
      ["wrong", "shape", /^shape "VM\.Standard\.E4\.Flex": Xyz1:US-ASHBURN-AD-2 does not have this shape/],
    ],
  },
  {
    name: "image, subnet and group that are not there, or may not be used",
    template: {
      imageOcid: "ocid1.image.oc1.iad.gone",
      subnetOcid: "ocid1.subnet.oc1.iad.gone",
      nsgOcids: ["ocid1.networksecuritygroup.oc1.iad.gone"],
    },
    finds: [
      ["wrong", "shape", /the image does not run on this shape/],
      ["wrong", "imageOcid", /OCI says NotAuthorizedOrNotFound .*no such image in region "us-ashburn-1", or .*may not/],
      ["wrong", "subnetOcid", /no such subnet/],
      ["wrong", "nsgOcids", /no such network security group/],
    ],
  },
  {
    name: "an image of another tenancy",
    arrange: ({ facts, access: { other: owner } }) =>
      void facts.images.push({ owner, id: "ocid1.image.oc1.iad.theirs", arm: false, state: "AVAILABLE", gib: 47 }),
    template: { inputOverride: { sourceDetails: { sourceId: "ocid1.image.oc1.iad.theirs" } } },
    finds: [
      ["wrong", "shape", /the image does not run on this shape/],
      ["wrong", "inputOverride.sourceDetails", /no such image/],
    ],
  },
  {
    name: "an image that is still being made",
    arrange: ({ facts, access: { home: owner } }) =>
      void facts.images.push({ owner, id: "ocid1.image.oc1.iad.young", arm: false, state: "PROVISIONING", gib: 47 }),
    template: { imageOcid: "ocid1.image.oc1.iad.young" },
    finds: [["wrong", "imageOcid", /the image is there, but "PROVISIONING"/]],
  },
  {
    name: "a public address in a private subnet",
    template: { addressType: "public" },
    finds: [["wrong", "subnetOcid", /the subnet is private and refuses public addresses/]],
  },
  {
    name: "a subnet of one availability domain",
    template: { subnetOcid: "ocid1.subnet.oc1.iad.old" },
    finds: [["wrong", "subnetOcid", /is in availability domain BEol:US-ASHBURN-AD-1 alone/]],
  },
  {
    name: "a group of another VCN, by an override",
    template: { configOverride: { create_vnic_details: { nsg_ids: ["ocid1.networksecuritygroup.oc1.iad.abroad"] } } },
    finds: [["wrong", "configOverride", /the group is in VCN ocid1\.vcn\.oc1\.iad\.other, and subnet .*\.main/]],
  },
  {
    name: "a compartment that was deleted",
    arrange: ({ facts }) => void facts.compartments.push({ ...facts.compartments[0]!, id: gone, state: "DELETED" }),
    template: { compartmentOcid: gone },
    finds: [["wrong", "compartmentOcid", /the compartment is "DELETED" and not "ACTIVE"/]],
  },
  {
    name: "a key that was removed from its user",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [["wrong", "fingerprint", /^fingerprint: OCI says NotAuthenticated .*no API key of this user/]],
    isNobody: true,
  },
  {
    name: "a key that may look at nothing but what a launch reads: no fault of the template",
    arrange: ({ failing }) =>
      ["getAvailabilityDomains", "getCompartment", "getShapes", "getUser"].forEach((name) => failing.set(name, "")),
    finds: [
      ["unchecked", "compartmentOcid", /could not be checked: .*allow the action inspect compartments/],
      ["unchecked", "availabilityDomains", /allow the action inspect compartments/],
      ["unchecked", "shape", /allow the action inspect instances/],
    ],
  },
  {
    name: "a request that was throttled",
    arrange: ({ failing }) =>
      void failing.set("getImage", ociError("429-TooManyRequests", "Too many requests for the user")),
    finds: [["passing", "imageOcid", /this time: OCI says TooManyRequests \("Too many requests for the user"\)/]],
  },
  {
    name: "a time-out",
    arrange: ({ failing }) => void failing.set("getSubnet", "dial tcp 10.0.0.1:443: i/o timeout"),
    finds: [["passing", "subnetOcid", /i\/o timeout/]],
  },
  {
    name: "a region that can't be found",
    arrange: ({ failing }) =>
      void failing.set(
        "getAvailabilityDomains",
        "dial tcp: lookup identity.us-ashburn-1.oraclecloud.com: no such host",
      ),
    finds: [["wrong", "region", /has no region "us-ashburn-1" that this machine can find/]],
    isNobody: true,
  },
  {
    name: "an account that could not be asked",
    arrange: ({ failing }) => void failing.set("getAvailabilityDomains", ociError("503-ServiceUnavailable", "busy")),
    finds: [["passing", "compartmentOcid", /the account could not be asked: OCI says ServiceUnavailable/]],
    isNobody: true,
  },
  {
    name: "a refusal in the middle, of somebody nobody knows",
    arrange: ({ failing }) => void failing.set("getImage", ociError("401-NotAuthenticated", notAuthenticated)),
    finds: [["unchecked", "imageOcid", /could not be checked: OCI says NotAuthenticated/]],
  },
  {
    name: "a refusal that repeats the key, without the key",
    arrange: ({ failing }) => void failing.set("getImage", "odd: you sent private K1 with it"),
    finds: [["passing", "imageOcid", /you sent \[secret\] with/]],
  },
];
