/** What users declare of a pool and of the machines in it that exist already. */
import { z } from "zod";
import { cores, count, definitionName, hostSchema, labelSchema, memorySchema, nameSchema } from "./fields";

const staticMemberSchema = z.strictObject({
  name: nameSchema.describe("Name of the machine: 1 to 40 lower-case letters, digits and dashes."),
  zone: nameSchema.describe("Name of its zone."),
  address: hostSchema.describe("Host name or IP of the machine, with an optional port."),
  cores: cores.describe("vCPUs that it has."),
  memory: memorySchema.describe('Memory that it has, with a unit, e.g. `"16GiB"`.'),
  gpus: count.default(0).describe("GPUs that it has."),
  connectionPort: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      "TCP port that is probed; without an answer for 10 minutes the machine is missing and takes no new session. " +
        "Default: it is always taken to be there.",
    ),
  maxSimultaneousSessions: count.min(1).default(1).describe("Server pools only: sessions at the same time."),
  maxSimultaneousUsers: count.min(1).default(1).describe("Server pools only: distinct users at the same time."),
  labels: z.array(labelSchema).max(20).default([]).describe("Labels that it has beside those of its pool."),
});
export type StaticMember = z.output<typeof staticMemberSchema>;

export const poolSchema = z.strictObject({
  name: definitionName,
  type: z
    .enum(["dockerAgent", "server"])
    .describe(
      "What its nodes are: VMs that run containers, or servers that users reach by RDP, VNC, KasmVNC or SSH. Changing it " +
        "makes another pool.",
    ),
  labels: z
    .array(labelSchema)
    .max(50)
    .default([])
    .describe(
      "Labels of all its nodes, of any text: workspaces choose by them where they run (`includeLabels`, `excludeLabels`).",
    ),
  staticMembers: z
    .array(staticMemberSchema)
    .max(1000)
    .prefault([])
    .describe("Machines that exist already, beside autoscaled nodes; never created or destroyed."),
});
export type Pool = z.output<typeof poolSchema>;
