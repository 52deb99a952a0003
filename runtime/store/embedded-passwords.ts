/**
 * The password of the embedded database, in a file that this process's account alone reads. One that another account could
 * read, while `initdb` made the database or because an older version left it so, lies beside it until the server has the
 * new one.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../model/errors";

export interface Passwords {
  /** What the server is to have. */
  readonly password: string;
  /** What it may have instead: the new one was not set for certain. */
  readonly before?: string;
}

export class EmbeddedPasswords {
  private readonly file: string;
  private readonly fileBefore: string;

  constructor(home: string) {
    this.file = join(home, "password");
    this.fileBefore = join(home, "password.before");
  }

  /** For a new database. @param isShared Another account gets to see what it is made with. @returns What to make it with. */
  async make(isShared: boolean): Promise<string> {
    const [password, first] = [newPassword(), newPassword()];
    await rm(this.fileBefore, { force: true });
    if (isShared) await writeOwn(this.fileBefore, first);
    await writeOwn(this.file, password);
    return isShared ? first : password;
  }

  /** Somebody else could read the present one; the server must not run meanwhile. */
  async distrust(): Promise<void> {
    if (!existsSync(this.fileBefore)) await writeOwn(this.fileBefore, await readOwn(this.file));
    await writeOwn(this.file, newPassword());
  }

  async read(): Promise<Passwords> {
    const password = await readOwn(this.file);
    return existsSync(this.fileBefore) ? { password, before: await readOwn(this.fileBefore) } : { password };
  }

  /** The server has the new one for certain. */
  async settle(): Promise<void> {
    await rm(this.fileBefore, { force: true });
  }
}

function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

async function readOwn(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new SetupError(`${file}, the password of the embedded database, can't be read; restore that file`, { cause });
  }
}

async function writeOwn(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`;
  await rm(unfinished, { force: true });
  const handle = await open(unfinished, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}
