/** The VMware Tools of one VM, through vCenter: its address, and its programs. */
import { setTimeout as delay } from "node:timers/promises";
import type { OsType } from "../../../runtime/model/config";
import { CloudError } from "../../../runtime/model/errors";
import { chooseAddress } from "./guest-address";
import { begunBefore, notBegun, printedKey, scriptProgram } from "./guest-script";
import { Raw, VCenterError, elementOf, type Reference } from "./soap";
import { referenceOf, type VCenter } from "./vcenter";
import { childrenOf, textOf } from "./xml";

/** A script that fails has mostly failed by then; what it does later is told by the node's check-in, or by its silence. */
const watchMsMax = 30_000;
const pauseMsFirst = 200;

export interface GuestLimits {
  /** Between two questions at most; the first pauses are shorter. */
  readonly pauseMsMax: number;
  /** How long it is waited for the tools and for an address. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export interface GuestAccount {
  readonly username: string;
  /** Secret. */
  readonly password: string;
}

/** Faults that come while a guest starts or is busy. */
const passing = new Set([
  "GuestOperationsUnavailable",
  "InvalidState",
  "InvalidPowerState",
  "ToolsUnavailable",
  "TaskInProgress",
]);

export class GuestTools {
  constructor(
    private readonly vcenter: VCenter,
    private readonly vm: { readonly reference: Reference; readonly nodeId: string },
    private readonly limits: GuestLimits,
  ) {}

  /** The first address of the guest that others can reach. */
  async address(): Promise<string> {
    const endMs = Date.now() + this.limits.waitMs;
    for (let turn = 0; ; turn += 1) {
      const [vm] = await this.vcenter.read([this.vm.reference], ["guest.net", "guest.toolsRunningStatus"]);
      const address = chooseAddress(vm?.properties.get("guest.net"));
      if (address !== undefined) return address;
      if (Date.now() >= endMs) {
        const isRunning = vm?.properties.get("guest.toolsRunningStatus")?.text === "guestToolsRunning";
        throw isRunning ? this.noAddress() : this.silence("guestToolsNotRunning");
      }
      await this.pause(turn);
    }
  }

  /**
   * Runs the script if it was never begun in this VM, and watches how it begins.
   *
   * @param script For what may not be shown of what it printed.
   * @returns What became of it so far: `ended`, still `running`, or `begun` before.
   * @throws CloudError (CONFIG) when it failed.
   */
  async runOnce(script: string, osType: OsType, account: GuestAccount): Promise<"ended" | "running" | "begun"> {
    const program = scriptProgram(this.vm.nodeId, osType);
    const auth = new Raw(
      `<interactiveSession>false</interactiveSession>${elementOf("username", account.username)}${elementOf("password", account.password)}`,
      "NamePasswordAuthentication",
    );
    const spec = new Raw(
      `${elementOf("programPath", program.programPath)}${elementOf("arguments", program.arguments)}`,
      "GuestProgramSpec",
    );
    const processes = await this.processManager();
    const started = await this.whenReady(() =>
      this.vcenter.call("StartProgramInGuest", processes, { vm: this.vm.reference, auth, spec }),
    );
    const code = await this.exitCodeOf(started[0]?.text ?? "", { processes, auth });
    if (code === undefined) return "running";
    if (code === begunBefore) return "begun";
    if (code === 0) return "ended";
    throw await this.failed(code, script);
  }

  /** Undefined = it is still running, or the tools went away meanwhile, as when the guest restarts. */
  private async exitCodeOf(
    pid: string,
    { processes, auth }: { readonly processes: Reference; readonly auth: Raw },
  ): Promise<number | undefined> {
    const endMs = Date.now() + watchMsMax;
    for (let turn = 0; Date.now() < endMs; turn += 1) {
      const found = await this.processesOf(pid, processes, auth);
      if (found === undefined) return undefined;
      const ended = found.find((process) => textOf(process, "endTime") !== undefined);
      if (ended !== undefined) return Number(textOf(ended, "exitCode") ?? 0);
      await this.pause(turn);
    }
    return undefined;
  }

  private async processesOf(pid: string, processes: Reference, auth: Raw) {
    try {
      return await this.vcenter.call("ListProcessesInGuest", processes, { vm: this.vm.reference, auth, pids: pid });
    } catch (error) {
      if (error instanceof VCenterError && passing.has(error.fault)) return undefined;
      throw error;
    }
  }

  private async processManager(): Promise<Reference> {
    const [manager] = await this.vcenter.read([this.vcenter.managerOf("guestOperationsManager")], ["processManager"]);
    return referenceOf(manager?.properties.get("processManager"), "vCenter has no guest operations");
  }

  private async whenReady<Data>(call: () => Promise<Data>): Promise<Data> {
    const endMs = Date.now() + this.limits.waitMs;
    for (let turn = 0; ; turn += 1) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof VCenterError)) throw error;
        if (error.fault === "InvalidGuestLogin") throw refusedLogin(this.vm.nodeId);
        if (!passing.has(error.fault)) throw error;
        if (Date.now() >= endMs) throw this.silence(error.fault);
        await this.pause(turn);
      }
    }
  }

  private async failed(code: number, script: string): Promise<CloudError> {
    const what =
      code === notBegun ? "could not be begun: the guest needs vmware-rpctool, and guestUsername all rights" : "failed";
    const printed = withoutSecrets(await this.printed(), script).trim();
    const end = printed === "" ? "" : `; it printed last: ${printed}`;
    return new CloudError(
      "CONFIG",
      `VsphereScriptFailed: the startup script of node ${this.vm.nodeId} ${what}: exit code ${code}${end}`,
    );
  }

  /** What the guest itself has put into its `guestinfo`. */
  private async printed(): Promise<string> {
    const [vm] = await this.vcenter.read([this.vm.reference], ["config.extraConfig"]);
    const values = childrenOf(vm?.properties.get("config.extraConfig"), "OptionValue");
    const found = values.find((value) => textOf(value, "key") === printedKey);
    return Buffer.from(textOf(found, "value") ?? "", "base64").toString("utf8");
  }

  private noAddress(): CloudError {
    return new CloudError(
      "TRANSIENT",
      `VsphereNoAddress: the guest of node ${this.vm.nodeId} has told no IPv4 address within ${this.waited()}; is there a DHCP server in its network?`,
    );
  }

  private silence(fault: string): CloudError {
    return new CloudError(
      "TRANSIENT",
      `VsphereToolsSilent: the VMware Tools of node ${this.vm.nodeId} did not answer within ${this.waited()} (${fault}); install open-vm-tools or VMware Tools in the template, or allow more time with toolsTimeout`,
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

function refusedLogin(nodeId: string): CloudError {
  return new CloudError(
    "CONFIG",
    `VsphereGuestLogin: the guest of node ${nodeId} refused guestUsername and guestPassword; name an account of the template`,
  );
}

/** Tokens and passwords stand in the script, as long words. */
function withoutSecrets(text: string, script: string): string {
  return text.replace(/[^\s"'=,;:()[\]{}]{8,}/g, (word) => (script.includes(word) ? "[secret]" : word));
}
