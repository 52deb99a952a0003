import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "./notation";

/** A thing as it really exists: what `read` finds. */
export interface Thing {
  readonly id: string;
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
}

interface LoggedStart {
  readonly key: string;
  readonly call: JsonObject;
}
interface LoggedEnd {
  readonly key: string;
  readonly end: JsonObject;
}

/**
 * The toy provider's world: which things exist and which calls arrived. It is a folder, not memory, so that a provider in a
 * process of its own shares it with the scenario and that it survives the death of either.
 */
export class ToyWorld {
  private readonly callsFile: string;
  private readonly thingsFolder: string;
  private readonly numbersFolder: string;
  private readonly holdFile: string;
  private callsBegun = 0;
  /** Tells the calls of this object from those of others, in this process too. */
  private readonly writer = randomUUID();

  constructor(readonly folder: string) {
    this.callsFile = join(folder, "calls.jsonl");
    this.thingsFolder = join(folder, "things");
    this.numbersFolder = join(folder, "numbers");
    this.holdFile = join(folder, "held");
    mkdirSync(this.thingsFolder, { recursive: true });
    mkdirSync(this.numbersFolder, { recursive: true });
  }

  /** Logs the arrival of a call and returns the function that logs its end, with what is known only then. */
  beginCall(call: JsonObject): (end: JsonObject) => void {
    this.callsBegun += 1;
    const key = `${this.writer}-${this.callsBegun}`;
    this.log({ key, call });
    return (end) => this.log({ key, end });
  }

  /** All calls in order of arrival, each merged with its end, and how many have not ended. */
  calls(): { readonly calls: JsonObject[]; readonly running: JsonObject[] } {
    const calls = new Map<string, JsonObject>();
    const running = new Map<string, JsonObject>();
    for (const line of existsSync(this.callsFile) ? readFileSync(this.callsFile, "utf8").split("\n") : []) {
      if (line === "") continue;
      const logged = JSON.parse(line) as LoggedStart | LoggedEnd;
      if ("call" in logged) {
        calls.set(logged.key, logged.call);
        running.set(logged.key, logged.call);
      } else {
        calls.set(logged.key, { ...calls.get(logged.key), ...logged.end });
        running.delete(logged.key);
      }
    }
    return { calls: [...calls.values()], running: [...running.values()] };
  }

  /** How many numbers creates have used. */
  numbersUsed(): number {
    return readdirSync(this.numbersFolder).length;
  }

  /** The next number that no create has used, also across processes. */
  nextNumber(): number {
    for (let number = this.numbersUsed() + 1; ; number += 1) {
      try {
        writeFileSync(join(this.numbersFolder, String(number)), "", { flag: "wx" });
        return number;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }

  /** While the world is held, slow calls don't end, so that nothing depends on how fast the machine is. */
  hold(): void {
    writeFileSync(this.holdFile, "");
  }

  release(): void {
    rmSync(this.holdFile, { force: true });
  }

  isHeld(): boolean {
    return existsSync(this.holdFile);
  }

  /** Ids of the things that exist, sorted. */
  ids(): string[] {
    return readdirSync(this.thingsFolder).sort(new Intl.Collator("en", { numeric: true }).compare);
  }

  get(id: string): Thing | undefined {
    const file = join(this.thingsFolder, id);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Thing) : undefined;
  }

  put(thing: Thing): void {
    writeFileSync(join(this.thingsFolder, thing.id), JSON.stringify(thing));
  }

  remove(id: string): void {
    rmSync(join(this.thingsFolder, id), { force: true });
  }

  /** A change that no engine knows of: the same keys of inputs and outputs are set. */
  change(id: string, set: { readonly [key: string]: Json }): void {
    const thing = this.get(id);
    if (thing === undefined) throw new Error(`the toy world has no ${id}; it has ${this.ids().join(", ")}`);
    this.put({ id, inputs: { ...thing.inputs, ...set }, outputs: { ...thing.outputs, ...set } });
  }

  private log(entry: LoggedStart | LoggedEnd): void {
    appendFileSync(this.callsFile, `${JSON.stringify(entry)}\n`);
  }
}
