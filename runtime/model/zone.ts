/** What users declare of a zone. */
import { z } from "zod";
import { definitionName, hostOf, hostSchema, originSchema } from "./fields";

export const zoneSchema = z
  .strictObject({
    name: definitionName,
    upstreamAuthAddress: z
      .string()
      .min(1)
      .max(300)
      .describe(
        "Address at which new VMs reach the runtime's API: a host name or IP, with an optional port. `localhost`, " +
          "`proxy` and the like mean nothing on another machine and are refused unless `local`.",
      ),
    local: z
      .boolean()
      .default(false)
      .describe("True for a zone whose nodes all run on the runtime's machine (the local VM provider)."),
    loadStrategy: z
      .enum(["leastLoad", "mostLoad", "leastSessions", "mostSessions"])
      .default("mostSessions")
      .describe("Which docker agent gets a new session; `mostSessions` packs, so that other nodes can empty and go."),
    searchAlternateZones: z
      .boolean()
      .default(true)
      .describe("Try other zones when no node of the requested one is free."),
    prioritizeStaticAgents: z.boolean().default(true).describe("Place on static members before autoscaled nodes."),
    allowedOrigins: z
      .array(originSchema)
      .max(100)
      .default([])
      .describe(
        'Web pages that may call the API from a browser, as the zone\'s portal does: `"https://portal.example.com"`, with ' +
          "the port where it is not 443, without a path; `http://` only with `local`. Empty: none.",
      ),
  })
  .superRefine((zone, context) => {
    for (const [index, origin] of zone.allowedOrigins.entries()) {
      if (zone.local || origin.startsWith("https://")) continue;
      const message = "use https://; http:// is for zones with local: true";
      context.addIssue({ code: "custom", path: ["allowedOrigins", index], message, input: origin });
    }
    const { upstreamAuthAddress: input, local } = zone;
    const isAddress = hostSchema.safeParse(input).success;
    // It goes into scripts and URLs as it is, so it has to be one on the runtime's machine, too.
    if (isAddress && (local || !meansNothingElsewhere(hostOf(input).toLowerCase()))) return;
    const message = local
      ? "use a host name or an IP address, with an optional port"
      : "use a host name or IP address that new VMs can reach, or set local: true for nodes on this machine";
    context.addIssue({ code: "custom", path: ["upstreamAuthAddress"], message, input });
  });
export type Zone = z.output<typeof zoneSchema>;

/** Names and addresses by which every machine means itself, and Kasm's words for "ask me again later". */
function meansNothingElsewhere(host: string): boolean {
  const own = ["proxy", "$request_host$", "localhost", "0.0.0.0", "[::1]", "[::]"];
  return own.includes(host) || host.endsWith(".localhost") || /^127(\.|$)/.test(host);
}
