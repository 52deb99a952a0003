import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Recording, Seed } from "./notation";
import { repositoryRoot } from "./sandbox";

const ownFolder = join(repositoryRoot, "test", "engine", "recordings");
/** Recordings that were given with the task; they are not part of the repository. */
const givenFolder = join(repositoryRoot, "..", "shared", "recordings", "engine");

/** What the official CLI did in the scenario of that name, as recorded by record.ts; or its outcome of that name. */
export function ownRecording(name: string, outcome?: string): Recording | undefined {
  const file = recordingFile(name, outcome);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Recording) : undefined;
}

/** The given recordings, when they are there. */
export function givenRecordings(): Recording[] {
  if (!existsSync(givenFolder)) return [];
  const files = readdirSync(givenFolder).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => JSON.parse(readFileSync(join(givenFolder, file), "utf8")) as Recording);
}

/** Writes a recording, one line per step. */
export function writeOwnRecording(recording: Recording, outcome?: string): void {
  const { steps, ...head } = recording;
  const headText = JSON.stringify(head).slice(0, -1);
  const stepLines = steps.map((step) => JSON.stringify(step)).join(",\n");
  writeFileSync(recordingFile(recording.name, outcome), `${headText},"steps":[\n${stepLines}\n]}\n`);
}

/** What the official CLI left before the first hand-over of the scenario of that name. */
export function ownSeed(name: string): Seed | undefined {
  const file = seedFile(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Seed) : undefined;
}

/** Writes a seed beside the recordings. */
export function writeOwnSeed(name: string, seed: Seed): void {
  mkdirSync(join(ownFolder, "seeds"), { recursive: true });
  writeFileSync(seedFile(name), `${JSON.stringify(seed, undefined, 1)}\n`);
}

function recordingFile(name: string, outcome?: string): string {
  return join(ownFolder, outcome === undefined ? `${name}.json` : `${name}.${outcome}.json`);
}

function seedFile(name: string): string {
  return join(ownFolder, "seeds", `${name}.json`);
}
