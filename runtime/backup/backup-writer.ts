/** Writes the file of a backup. It appears under its name when all of it is on the disk, and replaces nothing. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { link, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { createGzip } from "node:zlib";
import { ConflictError, messageOf, SetupError } from "../model/errors";
import { digestName, type Entry } from "./format";

export class BackupWriter {
  private readonly hash = createHash(digestName);
  private readonly gzip = createGzip();
  private readonly written: Promise<void>;

  private constructor(
    private readonly path: string,
    private readonly temporary: string,
    private readonly handle: FileHandle,
  ) {
    this.written = writeChunks(this.gzip, handle);
    // Whoever adds or finishes is told.
    this.written.catch(() => undefined);
  }

  /** @param path Where the file is to be; one that is there is refused. */
  static async create(path: string): Promise<BackupWriter> {
    if (existsSync(path)) throw alreadyThere(path);
    const temporary = `${path}.${process.pid}.partial`;
    try {
      return new BackupWriter(path, temporary, await open(temporary, "wx", 0o600));
    } catch (cause) {
      throw new SetupError(`${temporary} can't be written: ${messageOf(cause)}`, { cause });
    }
  }

  /** Of everything added so far, in hex. */
  get digest(): string {
    return this.hash.copy().digest("hex");
  }

  async add(entry: Entry): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    this.hash.update(line);
    if (!this.gzip.write(line)) await Promise.race([once(this.gzip, "drain"), this.written]);
  }

  /** Answers the size of the file in bytes. */
  async finish(): Promise<number> {
    await this.add({ kind: "end", digest: this.digest });
    this.gzip.end();
    await this.written;
    await this.handle.sync();
    const { size } = await this.handle.stat();
    await this.handle.close();
    await this.publish();
    return size;
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    this.gzip.destroy();
    await this.written.catch(() => undefined);
    await this.handle.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
  }

  private async publish(): Promise<void> {
    try {
      await link(this.temporary, this.path);
      await rm(this.temporary);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      // Some file systems know no links.
      if (!["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].includes(code) || existsSync(this.path)) {
        throw code === "EEXIST" ? alreadyThere(this.path) : error;
      }
      await rename(this.temporary, this.path);
    }
    const folder = await open(dirname(this.path), "r");
    await folder.sync().finally(() => folder.close());
  }
}

async function writeChunks(chunks: AsyncIterable<Uint8Array>, handle: FileHandle): Promise<void> {
  for await (const chunk of chunks) await handle.writeFile(chunk);
}

function alreadyThere(path: string): ConflictError {
  return new ConflictError(`${path} is there already; a backup replaces no file, name another one`);
}
