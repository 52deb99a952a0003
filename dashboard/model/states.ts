/** How states look: a shape and a word first, a tone last, so that nobody needs to tell colours apart. */

export type Tone = "good" | "coming" | "leaving" | "trouble";
export type Shape =
  "disc" | "ring" | "half" | "play" | "query" | "cross" | "down" | "square" | "alert" | "bars" | "clock" | "star";

export interface StateLook {
  readonly shape: Shape;
  readonly word: string;
  readonly tone: Tone;
}

const looks: Readonly<Record<string, StateLook>> = {
  // Nodes.
  requested: { shape: "ring", word: "requested", tone: "coming" },
  provisioning: { shape: "half", word: "provisioning", tone: "coming" },
  starting: { shape: "play", word: "starting", tone: "coming" },
  running: { shape: "disc", word: "running", tone: "good" },
  missing: { shape: "query", word: "missing", tone: "trouble" },
  dead: { shape: "cross", word: "dead", tone: "trouble" },
  draining: { shape: "down", word: "draining", tone: "leaving" },
  destroying: { shape: "square", word: "destroying", tone: "leaving" },
  failed: { shape: "alert", word: "failed", tone: "trouble" },
  // Sessions.
  queued: { shape: "clock", word: "queued", tone: "coming" },
  staged: { shape: "star", word: "staged", tone: "good" },
  assigned: { shape: "play", word: "assigned", tone: "coming" },
  paused: { shape: "bars", word: "paused", tone: "leaving" },
  stopped: { shape: "square", word: "stopped", tone: "leaving" },
  ended: { shape: "ring", word: "ended", tone: "leaving" },
  refused: { shape: "cross", word: "refused", tone: "trouble" },
  // Accounts, circuits and updates.
  fine: { shape: "disc", word: "fine", tone: "good" },
  trouble: { shape: "alert", word: "trouble", tone: "trouble" },
  unknown: { shape: "query", word: "not known", tone: "leaving" },
  closed: { shape: "disc", word: "closed", tone: "good" },
  open: { shape: "alert", word: "open", tone: "trouble" },
  halfOpen: { shape: "half", word: "trying one", tone: "coming" },
  resting: { shape: "ring", word: "at rest", tone: "leaving" },
  updating: { shape: "play", word: "updating", tone: "coming" },
  openedAhead: { shape: "half", word: "waits for nodes", tone: "coming" },
  behind: { shape: "clock", word: "behind", tone: "coming" },
  succeeded: { shape: "disc", word: "succeeded", tone: "good" },
};

/** A state that this version has never heard of is shown by its own word. */
export function lookOf(state: string): StateLook {
  return Object.hasOwn(looks, state) ? looks[state]! : { shape: "query", word: state, tone: "leaving" };
}

/** In the order of a node's life; what is wrong comes first. */
export const nodeStatusOrder = [
  "failed",
  "dead",
  "missing",
  "requested",
  "provisioning",
  "starting",
  "running",
  "draining",
  "destroying",
] as const;
