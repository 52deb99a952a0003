/** The stream of what has changed: counts, and the ids of what to ask for again. */
import { z } from "zod";

/** What has ids that an event may name. */
export const changedKinds = [
  "node",
  "session",
  "lane",
  "decision",
  "definition",
  "configState",
  "orphan",
  "accountCheck",
] as const;
export type ChangedKind = (typeof changedKinds)[number];

const counts = z.record(z.string(), z.int());

export const fleetEventSchema = z.strictObject({
  /** Sent as the event's id, too: `Last-Event-ID` of a client that connects again. */
  revision: z.string(),
  nowMs: z.int().min(0),
  /** By status. */
  nodes: counts,
  /** By status; sessions that have not ended. */
  sessions: counts,
  lanes: z.strictObject({ total: z.int(), updating: z.int(), behind: z.int() }),
  /** Certain ones. */
  orphans: z.int(),
  /** Autoscale configs of which something has changed; of event `whole` all. */
  configs: z.array(
    z.strictObject({
      autoscaleConfig: z.string(),
      nodes: counts,
      /** On its nodes. */
      sessions: z.int(),
      /** For it. */
      waiting: z.int(),
    }),
  ),
  /** Autoscale configs that are not there any more. */
  gone: z.array(z.string()),
  /** By kind, at most 200 ids each. */
  changed: z.record(z.string(), z.array(z.string())),
  /** Kinds of which more has changed than `changed` names: ask for the whole list again. */
  many: z.array(z.enum(changedKinds)),
});

export type FleetEvent = z.output<typeof fleetEventSchema>;
