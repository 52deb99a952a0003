/** What users declare of a pool and of the machines in it that exist already. */
import { z } from "zod";
import { connectionFields, connectionProblems, type ConnectionField } from "./connection";
import { cores, count, definitionName, hostSchema, labelSchema, memorySchema, nameSchema } from "./fields";

const staticMemberSchema = z.strictObject({
  name: nameSchema.describe("Name of the machine: 1 to 40 lower-case letters, digits and dashes."),
  zone: nameSchema.describe("Name of its zone."),
  address: hostSchema.describe("Host name or IP of the machine, with an optional port."),
  cores: cores.describe("vCPUs that it has."),
  memory: memorySchema.describe('Memory that it has, with a unit, e.g. `"16GiB"`.'),
  gpus: count.default(0).describe("GPUs that it has."),
  ...connectionFields,
  connectionPort: connectionFields.connectionPort.describe(
    "TCP port of the connection, which is probed; without an answer for 10 minutes the machine is missing and takes no " +
      "new session. Default: with `connectionType` as usual for it, else none, and it is always taken to be there.",
  ),
  maxSimultaneousSessions: count.min(1).default(1).describe("Server pools only: sessions at the same time."),
  maxSimultaneousUsers: count.min(1).default(1).describe("Server pools only: distinct users at the same time."),
  labels: z.array(labelSchema).max(20).default([]).describe("Labels that it has beside those of its pool."),
});
export type StaticMember = z.output<typeof staticMemberSchema>;

const poolFields = z.strictObject({
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

export const poolSchema = poolFields.superRefine(({ type, staticMembers }, context) => {
  for (const [index, member] of staticMembers.entries()) {
    for (const [field, message] of memberProblems(type, member)) {
      const path = ["staticMembers", index, field];
      context.addIssue({ code: "custom", path, message, input: member[field] });
    }
  }
});
export type Pool = z.output<typeof poolSchema>;

function memberProblems(type: "dockerAgent" | "server", member: StaticMember): [keyof StaticMember, string][] {
  if (type === "dockerAgent") {
    const fields = Object.keys(connectionFields) as ConnectionField[];
    return fields
      .filter((field) => field !== "connectionPort" && member[field] !== undefined)
      .map((field) => [field, "only in a pool of type server"]);
  }
  const problems: [keyof StaticMember, string][] = connectionProblems(member);
  if (member.connectionCredentialType === "dynamic") {
    const why = "a static member has no token with which a service in it could ask for accounts";
    problems.push(["connectionCredentialType", `static, sso, smartcard or promptUser: ${why}`]);
  }
  const { connectionType, maxSimultaneousSessions } = member;
  if ((connectionType === "kasmvnc" || connectionType === "vnc") && maxSimultaneousSessions !== 1) {
    problems.push(["maxSimultaneousSessions", `1 with connection type ${connectionType}`]);
  }
  return problems;
}
