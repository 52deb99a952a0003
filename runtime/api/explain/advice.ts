/** What would change a reason: one sentence for an operator, by the reason's code. */
import type { Reason } from "../../model/reason";

type Numbers = Reason["numbers"];

const advices: Readonly<Record<string, (numbers: Numbers) => string>> = {
  maxInstances: ({ vmProvider, maxInstances }) =>
    `raise maxInstances of VM provider config "${vmProvider}" (now ${maxInstances}), or wait until one of its nodes is gone`,
  maxNodes: ({ autoscaleConfig, maxNodes }) =>
    `raise maxNodes of autoscale config "${autoscaleConfig}" (now ${maxNodes}), or wait until one of its nodes is gone`,
  budget: ({ budget, opensAtMs }) =>
    `raise the amount of budget "${budget}", or wait until it begins anew${opensAtMs ? ` at ${formatTime(Number(opensAtMs))}` : ""}`,
  schedule: ({ autoscaleConfig, opensAtMs }) =>
    opensAtMs
      ? `wait until ${formatTime(Number(opensAtMs))}, or change the schedules of autoscale config "${autoscaleConfig}"`
      : `change the schedules of autoscale config "${autoscaleConfig}": none of them opens it again`,
  backoff: ({ retryAtMs }) =>
    retryAtMs
      ? `it tries again at ${formatTime(Number(retryAtMs))}; put right what made the nodes fail, or declare a fallback`
      : putRight,
  circuitOpen: ({ vmProvider, retryAtMs }) =>
    `${putRight}; editing VM provider config "${vmProvider}" or the autoscale config tries again at once${retryAtMs ? `, else it does at ${formatTime(Number(retryAtMs))}` : ""}`,
  singleTry: () => "one node that comes up ends this; put right what made the others fail",
  unknownShape: ({ autoscaleConfig }) =>
    `wait for the first node to report or for the check of its account to tell the size, or set coresOverride and memoryOverride of autoscale config "${autoscaleConfig}"`,
  unknownGpus: ({ autoscaleConfig }) =>
    `wait until a node reports its GPUs, or set gpusOverride of autoscale config "${autoscaleConfig}"`,
  configDisabled: ({ autoscaleConfig }) => `enable autoscale config "${autoscaleConfig}" (enabled: true)`,
  configDraining: ({ autoscaleConfig }) => `end the drain of autoscale config "${autoscaleConfig}" (drain: false)`,
  configDeleting: ({ autoscaleConfig }) => `declare autoscale config "${autoscaleConfig}" again, or use another one`,
  accountTrouble: ({ vmProvider, ldapConfig }) =>
    `put right what ${ldapConfig === undefined ? `the cloud said of VM provider config "${vmProvider}"` : `the directory said of LDAP config "${ldapConfig}"`}; an edit of it is checked at once, else it is asked again within the hour`,
  missingReference: () => "declare what it refers to",
  refusedKind: () => "use another VM provider, or start the runtime with what lets it take this one",
  unreadable: () => "declare anew what can't be read, with a document of this version, or delete it",
  workspaceDisabled: () => "enable the workspace (enabled: true)",
  workspaceGone: () => "declare the workspace again",
  zone: () => "ask for a zone in which the workspace may run, or add the zone to the workspace",
  gpu: () => "use a VM size with enough GPUs, or ask for fewer in the workspace",
  shape: () => "use a larger VM size, or make the workspace smaller",
  noConfig: ({ pool, zone }) =>
    pool ? `declare an autoscale config for pool "${pool}" in zone "${zone}"` : "declare an autoscale config that can",
  notAllowed: ({ workspace }) =>
    `add the user or one of the user's groups to allowedUsers or allowedGroups of workspace "${workspace}"`,
  labels: ({ pool }) =>
    pool
      ? `label pool "${pool}" so that the workspace may run there, or change the workspace's includeLabels and excludeLabels`
      : "label one of its pools so that it may run there, or change the workspace's includeLabels and excludeLabels",
  userQueueFull: ({ queuePerUser }) =>
    `end one of the user's waiting sessions, or start the runtime with a higher --queue-per-user (now ${queuePerUser})`,
  queueFull: ({ queueMax }) => `wait until the queue is shorter than ${queueMax}`,
  full: () => "wait for room: a session that ends or a node that comes up",
  inFlight: ({ nodeId }) => `wait until node ${nodeId} is running`,
  newNode: () => "wait until the new node is running",
  placing: () => "nothing: it is placed with the next pass",
  standby: () => "a lower standby (standbyCores, standbyMemory, standbyGpus, standbySlots or minimumAvailableSessions)",
  standbyNever: () => "a VM size that has what is wanted on standby, or no standby of it",
  floor: ({ minNodes }) => `a lower minNodes (now ${minNodes}), here or in the open schedule`,
  queue: () => "the session that needs it ends or leaves the queue",
  staging: () => "fewer staged sessions (desired of the staging config)",
  backoffDown: ({ downscaleBackoffSeconds }) => `a shorter downscaleBackoff (now ${downscaleBackoffSeconds} s)`,
};

const putRight = "put right what made the nodes fail; one node that comes up ends it";

/** Undefined when there is nothing to do about it. */
export function adviceFor({ code, numbers }: Reason): string | undefined {
  return Object.hasOwn(advices, code) ? advices[code]!(numbers) : undefined;
}

/** `2026-11-22 14:05:10 UTC` */
export function formatTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
