/**
 * Logins that a directory refused lately. A service account is locked for everybody after a few wrong passwords, and every
 * update of every lane signs in: so who was refused is not asked for again before {@link restMs} have passed, by whichever
 * process of this machine. Another password is another login.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homeFolder } from "../frame/home-folder";
import type { DirectoryAccess } from "./access";
import { directoryFailure } from "./failures";

/** As long as Active Directory counts wrong passwords, and keeps an account locked, unless its policy says otherwise. */
const restMs = 30 * 60_000;
/** Wrong passwords until then. One may be of a change of passwords that has not reached this controller. */
const refusalsMax = 2;

interface Refusals {
  readonly count: number;
  readonly lastAtMs: number;
  readonly isLocked: boolean;
  /** Too little of a digest to find the password by it, enough to see that it is another one. */
  readonly password: string;
}

export class LoginRefusals {
  private readonly folder: string;

  /** @param root Default: in the engine's home, which the engines of a runtime share. */
  constructor(root = process.env["PULUMI_HOME"] ?? join(homeFolder("PULUMI_HOME"), ".pulumi")) {
    this.folder = join(root, "headroom-directory-logins");
  }

  /** Fails while this login must rest. */
  requireRested(access: DirectoryAccess, nowMs: number): void {
    const known = this.read(access);
    if (known === undefined || known.password !== markOf(access)) return;
    const restsUntilMs = known.lastAtMs + restMs;
    // Set back, the clock would keep it for as long.
    const isResting = nowMs < restsUntilMs && nowMs >= known.lastAtMs;
    if (!isResting || (!known.isLocked && known.count < refusalsMax)) return;
    const [code, what] = known.isLocked
      ? (["AdLoginLocked", "is locked"] as const)
      : (["AdLoginRefused", `was refused ${known.count} times`] as const);
    const until = new Date(restsUntilMs).toISOString();
    const sentence = `the service account "${access.serviceAccountDn}" ${what}; it is not tried again before ${until}, so that it is not locked for others, unless its password changes`;
    throw directoryFailure(code, sentence);
  }

  note(access: DirectoryAccess, isLocked: boolean, nowMs: number): void {
    const known = this.read(access);
    const isSame = known?.password === markOf(access) && nowMs - known.lastAtMs < restMs;
    const refusals: Refusals = {
      count: (isSame ? known.count : 0) + 1,
      lastAtMs: nowMs,
      isLocked,
      password: markOf(access),
    };
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.fileOf(access), JSON.stringify(refusals), { mode: 0o600 });
  }

  forget(access: DirectoryAccess): void {
    rmSync(this.fileOf(access), { force: true });
  }

  private read(access: DirectoryAccess): Refusals | undefined {
    try {
      return JSON.parse(readFileSync(this.fileOf(access), "utf8")) as Refusals;
    } catch (error) {
      // Another process may be writing it, or have been killed at it: then nothing is known.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  private fileOf({ searchBase, serviceAccountDn }: DirectoryAccess): string {
    const login = digestOf(JSON.stringify([searchBase.toLowerCase(), serviceAccountDn.toLowerCase()]));
    return join(this.folder, `${login.slice(0, 32)}.json`);
  }
}

function markOf({ serviceAccountDn, serviceAccountPassword }: DirectoryAccess): string {
  return digestOf(`${serviceAccountDn}\n${serviceAccountPassword}`).slice(0, 3);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
