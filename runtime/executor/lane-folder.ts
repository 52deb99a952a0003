/**
 * A lane's working folder. With the ordinary CLI, `pulumi preview` works in it: Pulumi.yaml names the node program,
 * Pulumi.<stack>.yaml holds the desired nodes, one key each, and the accounts that they are in. All values are secret:
 * startup scripts hold tokens, accounts hold credentials.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { z } from "zod";
import { writeDurably } from "./durable-file";
import { laneMark, laneMarkOf } from "./engine-environment";
import { laneFolder, projectName, projectText, yamlText, type Installation } from "./installation";
import { accountsKey, type LaneContent } from "./node-program-port";
import type { PassphraseCrypter } from "./passphrase";
import type { Holder } from "./lock-judgement";
import { commandLineOf, environmentValueOf, isAlive, processesWith } from "./processes";

const engineRecordSchema = z.object({
  pid: z.int(),
  /** Name of the host when it started. */
  host: z.string().optional(),
  revision: z.int(),
  /** The worker that started it and runs its program. */
  worker: z.int().optional(),
  /** Its program waits for nodes; it ends when its worker does. */
  isOpenedAhead: z.boolean().optional(),
});
/** The engine process that was started last; survives the worker. */
export type EngineRecord = z.infer<typeof engineRecordSchema>;

export class LaneFolder {
  readonly path: string;

  constructor(
    private readonly installation: Installation,
    readonly laneId: string,
    readonly stack: string,
  ) {
    this.path = laneFolder(installation, laneId);
  }

  /** As the engine wants it: no `stack select` is needed then. */
  get qualifiedStack(): string {
    return `organization/${projectName}/${this.stack}`;
  }

  get configFile(): string {
    return join(this.path, `Pulumi.${this.stack}.yaml`);
  }

  /** Writes both files; what is unchanged keeps its file. */
  async write({ nodes, accounts, leaving = [], powers = [] }: LaneContent, crypter: PassphraseCrypter): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const project = projectText(this.installation);
    const projectFile = join(this.path, "Pulumi.yaml");
    if (!existsSync(projectFile) || readFileSync(projectFile, "utf8") !== project) {
      await writeDurably(projectFile, project);
    }
    const values: [string, unknown][] = [
      [accountsKey, { accounts, leaving, ...(powers.length === 0 ? {} : { powers }) }],
      ...nodes.map((node): [string, unknown] => [node.nodeId, node]),
    ];
    const config = Object.fromEntries(
      values.map(([key, value]) => [`${projectName}:${key}`, { secure: crypter.encrypt(JSON.stringify(value)) }]),
    );
    await writeDurably(this.configFile, yamlText({ encryptionsalt: crypter.salt, config }));
  }

  /** Where an engine process writes what it prints. Old logs are removed. */
  async newLogFile(operation: string, revision: number): Promise<string> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const logs = (await readdir(this.path)).filter((name) => name.endsWith(".log")).sort();
    for (const old of logs.slice(0, Math.max(0, logs.length - this.installation.historyKept * 2))) {
      await rm(join(this.path, old), { force: true });
    }
    const next = 1 + Math.max(0, ...logs.map((name) => Number(name.slice(0, 8)) || 0));
    const file = join(this.path, `${String(next).padStart(8, "0")}-r${revision}-${operation}.log`);
    await writeFile(file, "", { mode: 0o600 });
    return file;
  }

  /** Synchronous, so that it is done before the engine had time for anything. */
  recordEngine(record: EngineRecord): void {
    const temporary = `${this.engineRecordFile()}.tmp`;
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    renameSync(temporary, this.engineRecordFile());
  }

  engineRecord(): EngineRecord | undefined {
    if (!existsSync(this.engineRecordFile())) return undefined;
    const text = readFileSync(this.engineRecordFile(), "utf8");
    // One that a full disk has cut tells nothing: engines are found by their mark, too.
    if (!text.endsWith("}")) return undefined;
    const parsed = engineRecordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  }

  /** Living processes of the lane's engines: the engines themselves and their plugins. */
  processes(): number[] {
    return processesWith(laneMark, laneMarkOf(this.installation, this.laneId));
  }

  /** True when this process is an engine that was started for this lane, and not by somebody at a terminal. */
  isEngine(pid: number): boolean {
    if (!isAlive(pid) || !(commandLineOf(pid) ?? "").includes(this.qualifiedStack)) return false;
    return process.platform !== "linux" || this.holderOf(pid) === "ourLane";
  }

  /** What a process number that stands in a lock belongs to on this host now. */
  holderOf(pid: number): Holder {
    if (pid <= 0 || !isAlive(pid)) return "nobody";
    const mark = environmentValueOf(pid, laneMark);
    if (mark === laneMarkOf(this.installation, this.laneId)) return "ourLane";
    if (mark?.startsWith(laneMarkOf(this.installation, ""))) return "ours";
    // The command itself, or the script that Node runs: our service has the word in its path, too.
    const words = (commandLineOf(pid) ?? "").split(" ").slice(0, 2);
    return words.some((word) => /(^|[/\\])pulumi(\.exe|\.js)?$/.test(word)) ? "foreignEngine" : "other";
  }

  /** An older state is in use, which was not compared with the clouds yet. */
  isUnverified(): boolean {
    return existsSync(this.unverifiedFile());
  }

  async noteUnverified(): Promise<void> {
    await writeDurably(this.unverifiedFile(), "");
  }

  async noteVerified(): Promise<void> {
    await rm(this.unverifiedFile(), { force: true });
  }

  /** True for a path below the data folder, which one runtime at a time has for itself. */
  isInDataFolder(path: string): boolean {
    return resolve(path).startsWith(`${resolve(this.installation.dataFolder)}${sep}`);
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private unverifiedFile(): string {
    return join(this.path, "state-unverified");
  }

  private engineRecordFile(): string {
    return join(this.path, "engine.json");
  }
}
