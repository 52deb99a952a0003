/**
 * As whom a guest runs. A service of root never runs one as root: its script comes from whoever may declare VMs, and would
 * read every secret of the service. It gets an account of its own instead, so not `nobody` either, who may own the
 * database. A service of another account can't change accounts: there a guest may do what the service may.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CloudError } from "../../runtime/model/errors";

export interface GuestAccount {
  readonly uid: number;
  readonly gid: number;
}

/** An account of this name is used where there is one. */
const accountName = "headroom-guest";
/** A number needs no account; this one lies where systemd hands out numbers for a while, and nobody has it for good. */
const numberWithoutAccount = 61_470;

/** Environment variable with which a guest of root is started; it changes to that account before it does anything. */
export const accountVariable = "HEADROOM_VM_ACCOUNT";

/** Undefined = that of this process. */
export function chooseGuestAccount(): GuestAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8").split("\n") : [];
  const [, , uid, gid] = accounts.find((line) => line.startsWith(`${accountName}:`))?.split(":") ?? [];
  if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  return { uid: numberWithoutAccount, gid: numberWithoutAccount };
}

/** Throws with class CONFIG when the account can't enter every folder above this one, by their mode bits. */
export function requireReachable(folder: string, { uid, gid }: GuestAccount): void {
  for (let above = dirname(folder); ; above = dirname(above)) {
    const { mode, uid: owner, gid: group } = statSync(above);
    const shift = owner === uid ? 6 : group === gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) {
      throw new CloudError(
        "CONFIG",
        `InvalidLocalVm: a guest of root runs as user id ${uid}, who can't enter ${above}; choose a data folder that others can enter (chmod o+x), or do not run the service as root`,
      );
    }
    if (above === dirname(above)) return;
  }
}

/** In the guest: gives up what root may, for good. */
export function becomeGuest(): void {
  const [uid, gid] = (process.env[accountVariable] ?? "").split(":").map(Number);
  if (!uid || !gid) return;
  process.setgroups!([]);
  process.setgid!(gid);
  process.setuid!(uid);
}
