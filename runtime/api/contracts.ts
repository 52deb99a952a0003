/**
 * Bodies of the HTTP API, version 1: what requests may contain and what answers look like. Requests are strict: an
 * unknown field is refused. The route table uses these schemas for parsing, types and the OpenAPI document alike.
 */
import { z } from "zod";
import { definitionKinds, durationSchema, nameSchema, type DefinitionKind } from "../model/config";
import { groupSchema, userIdSchema } from "../model/fields";
import { permissionsSchema } from "../model/staging-config";
import { nodeStatuses, sessionStatuses } from "../model/state";
import { accountSchema, directorySchema } from "./account-contracts";
import { nodeConnectionSchema } from "./connection-contracts";

/** Largest request body that is read; a definition with the longest allowed startup script fits. */
export const bodyBytesMax = 1024 * 1024;

/** Check-ins and heartbeats are short. */
export const nodeBodyBytesMax = 16 * 1024;

/** Most entries in one answer of a list; the oldest or first ones, and `total` says how many there are. */
export const listMax = 10_000;

const epochMs = z.int().min(0);
export const idSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$/, "use an id as the API returned it");
const kindSchema = z.enum(definitionKinds as [DefinitionKind, ...DefinitionKind[]]);
const docSchema = z.record(z.string(), z.unknown());
/** A URN or another name, compared as it is. */
const ownerSchema = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]*$/u, "leave out characters that can't be seen or were not decoded");

export const problemSchema = z.strictObject({
  /** Where: path of the field from the root of the document; empty = the document itself. */
  path: z.string(),
  message: z.string(),
});

export const errorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  /** Path of the first field that is wrong; empty or absent = the request as a whole. */
  path: z.string().optional(),
  problems: z.array(problemSchema).optional(),
  /** Only with faults of ours: the same id is in the log. */
  requestId: z.string().optional(),
  /** Only from a standby: where the leader answers, when known. */
  leader: z.string().optional(),
  /** Only of a refused session: explained by `GET /api/v1/explain/session/{id}`. */
  sessionId: z.string().optional(),
  /** Only of a refused session: code of the constraint, e.g. `notAllowed`, `labels`, `schedule`, `shape`, `userQueueFull`. */
  reason: z.string().optional(),
});

export const reasonSchema = z.strictObject({
  code: z.string(),
  text: z.string(),
  numbers: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
});

const shapeSchema = z.strictObject({ cores: z.number(), memoryBytes: z.number(), gpus: z.number() });

export const healthSchema = z.strictObject({
  status: z.enum(["leader", "standby"]),
  version: z.string(),
  leader: z.string().optional(),
  /** Why it is not the leader. */
  message: z.string().optional(),
});

// ---- definitions

const documentSchema = z.strictObject({ kind: kindSchema, doc: docSchema, owner: ownerSchema });
export const checkDefinitionSchema = documentSchema.extend({
  /** Documents of the same update that are not applied yet; references to them are good. */
  pending: z.array(documentSchema).max(1000).optional(),
});
export const findingsSchema = z.strictObject({
  problems: z.array(problemSchema),
  /** Allowed, but probably not meant. */
  warnings: z.array(problemSchema),
});
export const kindParamsSchema = z.strictObject({ kind: kindSchema });
export const definitionParamsSchema = z.strictObject({ kind: kindSchema, name: nameSchema });
export const putDefinitionSchema = z.strictObject({ doc: docSchema, owner: ownerSchema });
export const ownerQuerySchema = z.strictObject({ owner: ownerSchema });
export const definitionSchema = z.strictObject({
  kind: kindSchema,
  name: z.string(),
  /** As declared; secret settings and the text of a startup script read `[secret]`. */
  doc: docSchema,
  /**
   * Of the whole document, secrets included: shows drift without showing them. Made with a secret of the installation,
   * so that it can only be compared with one that the runtime gave before.
   */
  digest: z.string(),
  owner: z.string(),
  updatedAtMs: epochMs,
  /** Present when this version can't read the stored document: what rests on it is kept until it is declared anew. */
  problems: z.array(problemSchema).optional(),
});
export const definitionAnswerSchema = z.strictObject({ definition: definitionSchema });
export const definitionsSchema = z.strictObject({ definitions: z.array(definitionSchema) });
export const drainingSchema = z.strictObject({
  status: z.literal("draining"),
  nodesLeft: z.int(),
  sessionsLeft: z.int(),
});

// ---- sessions

export const requestSessionSchema = z.strictObject({
  /** Its name; whoever uses its display name is told the name. */
  workspace: z.string().min(1).max(100),
  /** In composed form (NFC); without blanks around it and characters that can't be seen. */
  userId: userIdSchema,
  /** Groups of the user: what `allowedGroups` of the workspace is held against. */
  groups: z.array(groupSchema).max(200).optional(),
  /** Zone to place in; absent = any. */
  zone: nameSchema.optional(),
  /** What the user may do; those left out as in a staging config. Only a session staged with the same is given. */
  permissions: permissionsSchema.optional(),
  /**
   * While it waits: the session leaves the queue when nobody has read it (`GET /api/v1/sessions/{id}`) or watched its
   * events for this long. Absent = it stays until it is served, cancelled or the queue timeout ends it. At least 5s.
   */
  keepalive: durationSchema.pipe(z.number().min(5, "at least 5s")).optional(),
});
export const idParamsSchema = z.strictObject({ id: idSchema });
export const sessionQuerySchema = z.strictObject({ status: z.enum(sessionStatuses).exclude(["ended"]).optional() });
export const sessionStatusSchema = z.strictObject({ status: z.enum(["running", "paused", "stopped"]) });
export const sessionSchema = z.strictObject({
  sessionId: z.string(),
  status: z.enum(sessionStatuses),
  workspace: z.string(),
  /** What people call the workspace; absent = as its name. */
  displayName: z.string().optional(),
  /** Absent while it is staged: nobody has it. */
  userId: z.string().optional(),
  zone: z.string().optional(),
  /** Place in the queue among those who wait for the same pools, from 1; only while queued. */
  position: z.int().optional(),
  /** `queued` → `provisioning 1/2` → `waiting for check-in 40%` → `starting` → `running`. */
  phase: z.string().optional(),
  /** While queued: when it will likely be served, from the measured boots of nodes; absent = that can't be said. */
  expectedAtMs: epochMs.optional(),
  reason: reasonSchema,
  node: z
    .strictObject({
      nodeId: z.string(),
      address: z.string().optional(),
      connectionPort: z.int().optional(),
      dnsName: z.string().optional(),
    })
    .optional(),
  requestedAtMs: epochMs,
  assignedAtMs: epochMs.optional(),
  endedAtMs: epochMs.optional(),
  endReason: z.string().optional(),
  /** Absent = the defaults. */
  permissions: permissionsSchema.optional(),
  /** The staging config that it was started for before anybody asked, and when. */
  stagingConfig: z.string().optional(),
  stagedAtMs: epochMs.optional(),
});
export const sessionAnswerSchema = z.strictObject({ session: sessionSchema });
export const sessionsSchema = z.strictObject({ sessions: z.array(sessionSchema), total: z.int() });

// ---- nodes

export const nodeSchema = z.strictObject({
  nodeId: z.string(),
  zone: z.string(),
  pool: z.string(),
  autoscaleConfig: z.string().optional(),
  vmProvider: z.string().optional(),
  laneId: z.string().optional(),
  /** Frozen at birth; without the startup script, secret settings read `[secret]`. */
  spec: z
    .strictObject({
      kind: z.string(),
      osType: z.enum(["linux", "windows"]),
      settings: docSchema,
      dns: z
        .strictObject({ kind: z.string(), settings: docSchema, baseDomainName: z.string(), ttlSeconds: z.number() })
        .optional(),
      computerRecord: z
        .strictObject({ account: z.string(), computerOu: z.string(), deletesChildren: z.boolean() })
        .optional(),
    })
    .optional(),
  status: z.enum(nodeStatuses),
  statusSinceMs: epochMs,
  createdAtMs: epochMs,
  shape: shapeSchema.optional(),
  /** Of the shape what was certain from the start. */
  declared: shapeSchema.partial().optional(),
  /** What the node said last of itself; credited where nothing is declared, within bounds. */
  reported: shapeSchema.partial().optional(),
  /** Containers that it counted in its last heartbeat. */
  containers: z.int().optional(),
  sessionsMax: z.int().optional(),
  usersMax: z.int().optional(),
  isReusable: z.boolean().optional(),
  connectionPort: z.int().optional(),
  /** Servers: how users get in, without what is secret. */
  connection: nodeConnectionSchema.optional(),
  /** Of a static member, beside those of its pool. */
  labels: z.array(z.string()).readonly().optional(),
  readyWhen: z.enum(["checkin", "heartbeat", "probe", "declared"]),
  provisionTimeoutSeconds: z.number(),
  missingTimeoutSeconds: z.number(),
  deadTimeoutSeconds: z.number(),
  address: z.string().optional(),
  dnsName: z.string().optional(),
  progressPercent: z.number().optional(),
  progressMessage: z.string().optional(),
  runningSinceMs: epochMs.optional(),
  lastHeartbeatMs: epochMs.optional(),
  lastProbeMs: epochMs.optional(),
  /** The cloud has announced that it takes the VM back. */
  interruption: z
    .strictObject({ deadlineMs: epochMs, noticedAtMs: epochMs, message: z.string().optional() })
    .optional(),
  /** A new node of its config would be different, because definitions have changed since it was made. */
  isOutdated: z.boolean(),
  hasServed: z.boolean().optional(),
  failure: z.strictObject({ class: z.string(), message: z.string() }).optional(),
  reason: reasonSchema,
  /** Ids of the sessions on it. */
  sessions: z.array(z.string()),
});
export const nodeAnswerSchema = z.strictObject({ node: nodeSchema });
export const nodesSchema = z.strictObject({ nodes: z.array(nodeSchema), total: z.int() });

// ---- node calls

const progressSchema = z.union([z.number(), z.string().regex(/^\d{1,3}(\.\d{1,6})?%?$/)], {
  error: "use a number from 0 to 100, or such a number as text",
});

/** As startup scripts send it. */
export const serverStatusSchema = z.strictObject({
  status: z.enum(["starting", "running", "failed"]),
  status_message: z.string().max(2000).optional(),
  /** 0 to 100, also as text such as `"100"`. */
  status_progress: progressSchema
    .transform((value) => (typeof value === "number" ? value : Number(value.replace("%", ""))))
    .pipe(z.number().min(0).max(100))
    .optional(),
});
export const tokenQuerySchema = z.strictObject({ token: z.string().min(1).max(4096).optional() });
export const nodeStateSchema = z.strictObject({ nodeId: z.string(), status: z.enum(nodeStatuses) });

export const heartbeatSchema = z.strictObject({
  cores: z.number().min(0).max(10_000).optional(),
  memoryBytes: z
    .int()
    .min(0)
    .max(2 ** 50)
    .optional(),
  gpus: z.int().min(0).max(1000).optional(),
  /** Containers that run on it, for people to see; nothing is decided by it. */
  containers: z.int().min(0).max(100_000).optional(),
});

/** In base64, so that a shell can take it out of its JSON. */
export const fetchedScriptSchema = z.strictObject({ script: z.string() });

export const interruptionSchema = z.strictObject({
  /** When the cloud takes the VM, ISO 8601 with zone as clouds tell it, e.g. `2026-03-01T08:22:00Z`; absent = in 2 min. */
  deadline: z.iso.datetime({ offset: true, error: 'use a time such as "2026-03-01T08:22:00Z"' }).optional(),
  message: z.string().max(2000).optional(),
});

// ---- insight

export const statusSchema = z.strictObject({
  version: z.string(),
  engine: z.string(),
  store: z.string(),
  url: z.string(),
  epoch: z.int(),
  startedAtMs: epochMs,
  nowMs: epochMs,
  nodes: z.record(z.string(), z.int()),
  sessions: z.record(z.string(), z.int()),
  /** `strangers`: nodes in their stacks of which no row tells. */
  lanes: z.strictObject({ total: z.int(), updating: z.int(), behind: z.int(), strangers: z.int() }),
  /** VMs that carry this installation's id and that nothing has. */
  orphans: z.int(),
  /** One sentence for each stored definition that this version can't read. */
  unreadable: z.array(z.string()),
  /** Each VM provider config by name, with what its cloud said of it. */
  accounts: z.array(accountSchema),
  /** Each budget by name, in one sentence; absent from older versions. */
  budgets: z.array(z.strictObject({ budget: z.string(), isReached: z.boolean(), text: z.string() })).optional(),
  /** LDAP configs; absent from older versions. */
  directories: z.array(directorySchema).optional(),
  configs: z.array(
    z.strictObject({
      autoscaleConfig: z.string(),
      pool: z.string(),
      zone: z.string(),
      nodes: z.int(),
      running: z.int(),
      isDeleting: z.boolean(),
      /** Only with schedules. */
      schedule: z.strictObject({ isOpen: z.boolean(), changesAtMs: epochMs.optional(), text: z.string() }).optional(),
      /** VM provider configs on which its last nodes failed. */
      failures: z.array(
        z.strictObject({
          vmProvider: z.string(),
          circuit: z.enum(["closed", "open", "halfOpen"]),
          consecutiveFailures: z.int(),
          retryAtMs: epochMs,
          last: z.strictObject({ class: z.string(), message: z.string(), atMs: epochMs }),
        }),
      ),
    }),
  ),
});

export const stagingPositionSchema = z.strictObject({
  stagingConfig: z.string(),
  desired: z.int(),
  /** Sessions that could be given to a user now. */
  current: z.int(),
  reason: reasonSchema,
});

export const stagingSchema = z.strictObject({
  staging: z.array(
    stagingPositionSchema.extend({
      zone: z.string(),
      workspace: z.string(),
      pool: z.string().optional(),
      autoscaleConfig: z.string().optional(),
      expirationSeconds: z.number(),
      permissions: permissionsSchema,
      /** When the oldest of the current sessions expires. */
      nextExpiryAtMs: epochMs.optional(),
    }),
  ),
});

export const decisionSchema = z.strictObject({
  decisionId: z.string(),
  atMs: epochMs,
  subject: z.enum(["node", "session", "config", "staging", "lane", "budget", "runtime"]),
  subjectId: z.string(),
  event: z.string(),
  reason: reasonSchema,
});

const explainedSubject = z.enum(["node", "session", "config", "staging"]);
export const explainParamsSchema = z.strictObject({ subject: explainedSubject, id: idSchema });
export const explanationSchema = z.strictObject({
  subject: explainedSubject,
  id: z.string(),
  /** One sentence: its state and why. */
  summary: z.string(),
  /** The whole story for people: when, what, why, with the numbers. */
  sentences: z.array(z.string()),
  /** What would change it, each a sentence without capital and full stop; empty = nothing needs to. */
  wouldChange: z.array(z.string()),
  node: nodeSchema.optional(),
  session: sessionSchema.optional(),
  /** Of a waiting session: each node that might take it and each config that might make one, and why not yet. */
  candidates: z
    .array(z.strictObject({ kind: z.enum(["node", "config"]), id: z.string(), reason: reasonSchema }))
    .optional(),
  /** Present reasons of a config, by a plan made for this answer. */
  reasons: z.array(reasonSchema),
  /** Oldest first, the newest 200. */
  decisions: z.array(decisionSchema),
});

export type ErrorBody = z.output<typeof errorSchema>;
export type HealthView = z.output<typeof healthSchema>;
export type CheckDefinitionBody = z.output<typeof checkDefinitionSchema>;
export type DefinitionView = z.output<typeof definitionSchema>;
export type DrainingView = z.output<typeof drainingSchema>;
export type RequestSessionBody = z.input<typeof requestSessionSchema>;
export type StagingView = z.output<typeof stagingSchema>;
export type SessionView = z.output<typeof sessionSchema>;
export type NodeView = z.output<typeof nodeSchema>;
export type StatusView = z.output<typeof statusSchema>;
export type DecisionView = z.output<typeof decisionSchema>;
export type ExplanationView = z.output<typeof explanationSchema>;
export type HeartbeatBody = z.output<typeof heartbeatSchema>;
