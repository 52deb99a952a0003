/** Keys of the simulated clouds: each leads to one tenant, until it is revoked or runs out. */
import type { EpochMs } from "../model/clock";

export class SimKeys {
  private readonly issued = new Map<string, number>();
  private readonly endsAtMs = new Map<string, EpochMs>();

  constructor(private readonly nowMs: () => EpochMs) {}

  issue(tenant: string): string {
    const count = (this.issued.get(tenant) ?? 0) + 1;
    this.issued.set(tenant, count);
    return `${tenant}/${count}`;
  }

  /** From `atMs` on it leads nowhere. */
  end(key: string, atMs: EpochMs): void {
    this.endsAtMs.set(key, Math.min(atMs, this.endsAtMs.get(key) ?? Infinity));
  }

  /** Undefined when the key leads nowhere. */
  tenantOf(key: string | undefined): string | undefined {
    if (key === undefined || (this.endsAtMs.get(key) ?? Infinity) <= this.nowMs()) return undefined;
    return key.split("/")[0];
  }
}
