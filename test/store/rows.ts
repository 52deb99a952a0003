/** Rows for the tests of this folder: sensible defaults, state only what matters. */
import { randomBytes } from "node:crypto";
import { permissionsSchema } from "../../runtime/model/staging-config";
import type { Account } from "../../runtime/model/accounts";
import type { Change } from "../../runtime/model/changes";
import { sealedFields } from "../../runtime/model/sealed-fields";
import type {
  Decision,
  IdempotentAnswer,
  Lane,
  Node,
  Orphan,
  Session,
  StoredDefinition,
} from "../../runtime/model/state";
import type { Reason } from "../../runtime/model/reason";
import { createRowSealer, type RowSealer } from "../../runtime/store/sealed-rows";
import { secretsKey } from "../../runtime/store/sealer";

export const accountSecret = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";

/** Seals with a key of its own; the settings of all clouds are secret. */
export function aSealer(key: Uint8Array = randomBytes(32)): RowSealer {
  return createRowSealer({ ring: { keys: [secretsKey(key)] }, pathsOf: sealedFields() });
}

export const aReason: Reason = {
  code: "placed",
  text: "node n1 has 3 cores free",
  numbers: { coresFree: 3.5, fits: true },
};

export function aSession(session: Partial<Session> = {}): Session {
  return {
    sessionId: "s1",
    workspace: "desktop",
    userId: "alice",
    status: "queued",
    requestedAtMs: 1_000,
    sequence: 1,
    needs: { cores: 2, memoryBytes: 4 * 2 ** 30, gpus: 0 },
    reason: aReason,
    ...session,
  };
}

export function aNode(node: Partial<Node> = {}): Node {
  return {
    nodeId: "n1",
    zone: "default",
    pool: "agents",
    autoscaleConfig: "agents",
    vmProvider: "lab",
    laneId: "agents-1",
    spec: {
      nodeId: "n1",
      zone: "default",
      pool: "agents",
      autoscaleConfig: "agents",
      vmProvider: "lab",
      kind: "local",
      settings: { bootTime: "2s", tags: ["a", "b"], nested: { deep: [{ x: 1 }] } },
      osType: "linux",
      startupScript: '#!/bin/sh\necho "häßlich ☂ 😀"\n',
    },
    status: "requested",
    statusSinceMs: 1_000,
    createdAtMs: 1_000,
    shape: { cores: 4, memoryBytes: 8 * 2 ** 30, gpus: 1 },
    readyWhen: "checkin",
    provisionTimeoutSeconds: 900,
    missingTimeoutSeconds: 120,
    deadTimeoutSeconds: 900,
    reason: aReason,
    ...node,
  };
}

export function aDefinition(definition: Partial<StoredDefinition> = {}): StoredDefinition {
  return {
    kind: "zone",
    name: "default",
    doc: { name: "default", upstreamAuthAddress: "127.0.0.1:8080", local: true },
    owner: "urn:pulumi:dev::lab::headroom:index:Zone::default",
    updatedAtMs: 1_000,
    ...definition,
  };
}

export function aLane(lane: Partial<Lane> = {}): Lane {
  return {
    laneId: "agents-1",
    autoscaleConfig: "agents",
    stack: "agents-1",
    desiredRevision: 3,
    appliedRevision: 2,
    openRevision: 3,
    enginePid: 4711,
    ...lane,
  };
}

export function anAnswer(answer: Partial<IdempotentAnswer> = {}): IdempotentAnswer {
  return { key: "k1", bodyHash: "ab12", status: 201, body: { session: { sessionId: "s1" } }, atMs: 1_000, ...answer };
}

export function anAccount(account: Partial<Account> = {}): Account {
  return {
    accountId: "vm-main-1a2b3c4d",
    service: "vm",
    kind: "aws",
    definition: "main",
    identity: { owner: "123456789012" },
    settings: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: accountSecret },
    confirmed: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: accountSecret },
    isCurrent: true,
    updatedAtMs: 1_000,
    ...account,
  };
}

export function aDecision(decision: Partial<Decision> = {}): Decision {
  return {
    decisionId: "0000000001000-000001",
    atMs: 1_000,
    subject: "session",
    subjectId: "s1",
    event: "placed",
    reason: aReason,
    ...decision,
  };
}

/** Nobody's yet. */
export function aStagedSession(session: Partial<Session> = {}): Session {
  const permissions = permissionsSchema.parse({ webcam: true });
  return aSession({
    ...{ sessionId: "t1", status: "staged", userId: "", sequence: 0, nodeId: "n1", permissions },
    ...{ stagingConfig: "desks", stagedAtMs: 1_500, ...session },
  });
}

export function anOrphan(orphan: Partial<Orphan> = {}): Orphan {
  return {
    ...{ orphanId: "vm-main-1a2b3c4d/i-1", accountId: "vm-main-1a2b3c4d", vmProvider: "main" },
    ...{ place: { region: "eu-central-1" }, vmId: "i-1", nodeId: "n9", firstSeenMs: 1_000, lastSeenMs: 2_000 },
    ...orphan,
  };
}

export const putSession = (session: Partial<Session> = {}): Change => ({
  kind: "put",
  table: "session",
  row: aSession(session),
});
export const putNode = (node: Partial<Node> = {}): Change => ({ kind: "put", table: "node", row: aNode(node) });
export const putDefinition = (definition: Partial<StoredDefinition> = {}): Change => ({
  kind: "put",
  table: "definition",
  row: aDefinition(definition),
});
export const putLane = (lane: Partial<Lane> = {}): Change => ({ kind: "put", table: "lane", row: aLane(lane) });
export const decided = (decision: Partial<Decision> = {}): Change => ({
  kind: "decision",
  decision: aDecision(decision),
});

/** One row of every table. */
export const oneOfEach: readonly Change[] = [
  putDefinition(),
  putLane(),
  putNode(),
  putSession({ status: "assigned", nodeId: "n1", assignedAtMs: 2_000 }),
  { kind: "put", table: "configState", row: { autoscaleConfig: "agents", excessSinceMs: 5_000 } },
  {
    kind: "put",
    table: "configDemand",
    row: { autoscaleConfig: "agents", savedAtMs: 4_000, forecast: { version: 0, boots: [120] }, sizes: [] },
  },
  { kind: "put", table: "apiKey", row: { name: "ci", scope: "operator", hash: "00ff", createdAtMs: 1_000 } },
  { kind: "put", table: "idempotentAnswer", row: anAnswer() },
  { kind: "put", table: "account", row: anAccount() },
  { kind: "put", table: "orphan", row: anOrphan() },
  {
    kind: "put",
    table: "accountCheck",
    row: { vmProvider: "main", digest: "0123456789abcdef", findings: [], checkedAtMs: 3_000 },
  },
  {
    kind: "put",
    table: "installation",
    row: { installationId: "i1", backend: "file:///srv/state", passphrase: "ab12", tokenSecret: "cd34" },
  },
];
