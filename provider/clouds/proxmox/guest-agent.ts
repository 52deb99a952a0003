/** The QEMU guest agent of one VM, through Proxmox VE's REST API. */
import { setTimeout as delay } from "node:timers/promises";
import type { OsType } from "../../../runtime/model/config";
import { CloudError } from "../../../runtime/model/errors";
import { ProxmoxError, type ProxmoxApi } from "./api";
import { chooseIpv4, type GuestInterface } from "./guest-address";
import { begunBefore, notBegun, scriptBytes, scriptCommands } from "./guest-script";

/** Proxmox VE takes 60 KiB of text in one request of 64 KiB, in which a third and more is added by encoding it twice. */
const partBytesMax = 32 * 1024;
/** A script that fails has mostly failed by then; what it does later is told by the node's check-in, or by its silence. */
const watchMsMax = 30_000;
const preparationMsMax = 60_000;
const pauseMsFirst = 100;

export interface GuestAgentPlace {
  /** Node of the cluster. */
  readonly node: string;
  readonly vmid: number;
}

interface ExecStatus {
  readonly exited: boolean | number;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly "out-data"?: string;
  readonly "err-data"?: string;
}

export interface GuestAgentLimits {
  /** Between two questions at most; the first pauses are shorter. */
  readonly pauseMsMax: number;
  /** How long it is waited for the agent and for an address. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export class GuestAgent {
  private readonly path: string;

  constructor(
    private readonly api: ProxmoxApi,
    private readonly place: GuestAgentPlace,
    private readonly limits: GuestAgentLimits,
  ) {
    this.path = `/nodes/${place.node}/qemu/${place.vmid}/agent`;
  }

  /** The address that the guest tells first that others can reach. */
  async address(): Promise<string> {
    const endMs = Date.now() + this.limits.waitMs;
    for (let turn = 0; ; turn += 1) {
      const interfaces = await this.answerWhenReady(endMs, () =>
        this.api.get<{ readonly result?: readonly GuestInterface[] }>(`${this.path}/network-get-interfaces`),
      );
      const address = chooseIpv4(interfaces.result ?? []);
      if (address !== undefined) return address;
      if (Date.now() >= endMs) {
        const names = (interfaces.result ?? []).map(({ name }) => name).join(", ");
        throw new CloudError(
          "TRANSIENT",
          `ProxmoxNoAddress: the guest of VM ${this.place.vmid} has told no IPv4 address within ${this.waited()} (interfaces: ${names}); is there a DHCP server in its network?`,
        );
      }
      await this.pause(turn);
    }
  }

  /**
   * Runs the script if it was never begun in this VM, and watches how it begins.
   *
   * @returns What became of it so far: `ended`, still `running`, or `begun` before.
   * @throws CloudError (CONFIG) when it failed.
   */
  async runOnce(script: string, about: RunOptions): Promise<"ended" | "running" | "begun"> {
    const { osType } = about;
    const commands = scriptCommands(about, osType);
    const prepared = await this.execute(commands.prepare, preparationMsMax);
    if (prepared === undefined || prepared.exitcode !== 0) {
      throw failed(
        "ProxmoxScriptFolder",
        `the folder for the startup script could not be made in VM ${this.place.vmid}`,
        prepared,
      );
    }
    const bytes = scriptBytes(script, osType);
    for (let number = 0; number * partBytesMax < Math.max(bytes.length, 1); number += 1) {
      const part = bytes.subarray(number * partBytesMax, (number + 1) * partBytesMax);
      await this.write(commands.partFile(number), part);
    }
    const status = await this.execute(commands.run, watchMsMax);
    if (status === undefined) return "running";
    if (status.exitcode === begunBefore) return "begun";
    if (status.exitcode === 0) return "ended";
    const what = status.exitcode === notBegun ? "could not be begun" : "failed";
    throw failed("ProxmoxScriptFailed", `the startup script ${what} in VM ${this.place.vmid}`, status, script);
  }

  /** The whole content of a file, so it may be sent twice. */
  private async write(file: string, content: Buffer): Promise<void> {
    await this.whenReady(() =>
      this.api.postRepeatable(`${this.path}/file-write`, { file, content: content.toString("base64"), encode: 0 }),
    );
  }

  /**
   * Undefined = it is still running, or its agent went away meanwhile, as when the guest restarts. May be sent twice: what
   * must not happen twice takes care of that in the guest.
   */
  private async execute(command: readonly string[], waitMs: number): Promise<ExecStatus | undefined> {
    const { pid } = await this.whenReady(() =>
      this.api.postRepeatable<{ readonly pid: number }>(`${this.path}/exec`, { command }),
    );
    const endMs = Date.now() + waitMs;
    for (let turn = 0; ; turn += 1) {
      const status = await this.statusOf(pid);
      if (status === undefined || Number(status.exited) === 1) return status;
      if (Date.now() >= endMs) return undefined;
      await this.pause(turn);
    }
  }

  /** Undefined = the agent does not know it, or does not answer. */
  private async statusOf(pid: number): Promise<ExecStatus | undefined> {
    try {
      return await this.api.get<ExecStatus>(`${this.path}/exec-status`, { pid });
    } catch (error) {
      if (error instanceof ProxmoxError && (isNotReady(error) || error.status === 500)) return undefined;
      throw error;
    }
  }

  private async whenReady<Data>(call: () => Promise<Data>): Promise<Data> {
    return this.answerWhenReady(Date.now() + this.limits.waitMs, call);
  }

  private async answerWhenReady<Data>(endMs: number, call: () => Promise<Data>): Promise<Data> {
    for (let turn = 0; ; turn += 1) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ProxmoxError && isNotReady(error))) throw error;
        if (Date.now() >= endMs) throw this.silence(error);
        await this.pause(turn);
      }
    }
  }

  private silence({ reason }: ProxmoxError): CloudError {
    return new CloudError(
      "TRANSIENT",
      `ProxmoxAgentSilent: the guest agent of VM ${this.place.vmid} did not answer within ${this.waited()} ("${reason}"); install and enable qemu-guest-agent in the template, or allow more time with agentTimeout`,
    );
  }

  private waited(): string {
    return `${Math.round(this.limits.waitMs / 1000)} s`;
  }

  private async pause(turn: number): Promise<void> {
    const { pauseMsMax, signal } = this.limits;
    await delay(Math.min(pauseMsFirst * 2 ** turn, pauseMsMax), undefined, { signal });
  }
}

export interface RunOptions {
  readonly nodeId: string;
  readonly osType: OsType;
  readonly path?: string | undefined;
  readonly attempt: string;
}

/** As Proxmox VE says it while a guest starts: its agent, or the VM itself, is not there yet, or is too busy. */
function isNotReady({ status, reason }: ProxmoxError): boolean {
  return (
    status === 500 &&
    /agent is not running|VM \d+ (is )?not running|got timeout|timeout after \d+ retries/i.test(reason)
  );
}

const shownMax = 600;

/** With the end of what it printed, without long words of the script, which may be secrets. */
function failed(code: string, what: string, status: ExecStatus | undefined, script = ""): CloudError {
  if (status === undefined) return new CloudError("TRANSIENT", `${code}: ${what}: the guest agent gave no answer`);
  const { exitcode, signal, "err-data": errors = "", "out-data": output = "" } = status;
  const end = exitcode === undefined ? `signal ${signal ?? "unknown"}` : `exit code ${exitcode}`;
  const printed = withoutSecrets((errors.trim() || output.trim()).slice(-shownMax), script);
  return new CloudError("CONFIG", `${code}: ${what}: ${end}${printed === "" ? "" : `; it printed last: ${printed}`}`);
}

/** Tokens and passwords stand in the script, as long words. */
function withoutSecrets(text: string, script: string): string {
  return text.replace(/[^\s"'=,;:()[\]{}]{8,}/g, (word) => (script.includes(word) ? "[secret]" : word));
}
