/** The inside of an emulated VM with VMware Tools: its `guestinfo`, and a folder in which programs for Linux really run. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { begunBefore, notBegun, scriptKey, type GuestProgram } from "../../provider/clouds/vsphere/guest-script";
import { VimFault } from "./emulated-vcenter-users";

export interface GuestProcess {
  exitCode?: number;
}

/** As VMware Tools has it: `vmware-rpctool "info-get key"` and `"info-set key value"`. */
const rpcTool = `#!/bin/sh
set -- $1
case $1 in
info-get) cat "$GUESTINFO/$2" 2>/dev/null || { echo "No value found" >&2; exit 1; } ;;
info-set) key=$2; shift 2; printf %s "$*" > "$GUESTINFO/$key" ;;
esac
`;

export class EmulatedToolsGuest {
  /** The whole text of each script that was begun, in order. */
  readonly scripts: string[] = [];
  /** Questions that the tools leave without an answer until they have started. */
  silentFor = 1;
  /** False: they are not installed. */
  hasTools = true;
  account = { username: "root", password: "guest-password" };
  readonly processes = new Map<string, GuestProcess>();
  private readonly info: Record<string, string> = {};
  private root: string | undefined;
  private pid = 1000;

  constructor(readonly address: string) {}

  /** What the VM's configuration says when it starts. */
  start(extraConfig: Readonly<Record<string, string>>): void {
    Object.assign(this.info, extraConfig);
    const packed = extraConfig["guestinfo.userdata"];
    if (packed !== undefined) this.scripts.push(unpacked(packed));
  }

  get guestInfo(): Readonly<Record<string, string>> {
    return this.info;
  }

  requireReady(): void {
    if (!this.hasTools)
      throw new VimFault("GuestOperationsUnavailable", "The guest operations agent could not be contacted.");
    if (this.silentFor === 0) return;
    this.silentFor -= 1;
    throw new VimFault("GuestOperationsUnavailable", "The guest operations agent could not be contacted.");
  }

  /** As `guest.net` has it: bridges of containers are no adapters of the VM. */
  net(): string {
    if (!this.hasTools) return "";
    if (this.silentFor > 0) {
      this.silentFor -= 1;
      return "";
    }
    const nic = (network: string, key: number, ...addresses: string[]) =>
      `<GuestNicInfo>${network === "" ? "" : `<network>${network}</network>`}${addresses
        .map((address) => `<ipAddress>${address}</ipAddress>`)
        .join("")}<connected>true</connected><deviceConfigId>${key}</deviceConfigId></GuestNicInfo>`;
    return [
      nic("", -1, "172.17.0.1"),
      nic("labs", 4001, "169.254.9.9"),
      nic("VM Network", 4000, "fe80::1", this.address),
      nic("", -1, "172.18.0.1", "fe80::2"),
    ].join("");
  }

  /** @returns Number of the process. */
  run({ programPath, arguments: parameters }: GuestProgram, username: string, password: string): string {
    this.requireReady();
    if (username !== this.account.username || password !== this.account.password) {
      throw new VimFault(
        "InvalidGuestLogin",
        "Failed to authenticate with the guest operating system using the supplied credentials.",
      );
    }
    this.pid += 1;
    const process: GuestProcess = {};
    this.processes.set(String(this.pid), process);
    if (programPath === "/bin/sh") this.runShell(parameters, process);
    else this.runPowerShell(parameters, process);
    return String(this.pid);
  }

  remove(): void {
    if (this.root !== undefined) rmSync(this.root, { recursive: true, force: true });
  }

  /** A shell of the guest reads the line, as with the real tools. */
  private runShell(parameters: string, process: GuestProcess): void {
    const root = (this.root ??= this.newRoot());
    const info = join(root, "info");
    for (const [key, value] of Object.entries(this.info)) writeFileSync(join(info, key), value);
    const [, encoded = ""] = /echo (\S+) /.exec(parameters) ?? [];
    const inside = Buffer.from(encoded, "base64").toString().replaceAll("/var/lib/headroom", join(root, "var"));
    const line = parameters.replace(encoded, Buffer.from(inside).toString("base64"));
    const path = `${join(root, "bin")}:${globalThis.process.env["PATH"] ?? ""}`;
    const shell = spawn("/bin/sh", ["-c", `/bin/sh ${line}`], {
      cwd: root,
      stdio: "ignore",
      env: { PATH: path, GUESTINFO: info },
    });
    const packed = this.info[scriptKey] ?? "";
    shell.on("close", (code) => {
      for (const key of [scriptKey, "guestinfo.headroom.printed"]) {
        if (existsSync(join(info, key))) this.info[key] = readFileSync(join(info, key), "utf8");
      }
      if (code !== begunBefore && code !== notBegun) this.scripts.push(unpacked(packed));
      process.exitCode = code ?? 1;
    });
  }

  /** Nothing here runs PowerShell: what it does is done by what its text says. */
  private runPowerShell(parameters: string, process: GuestProcess): void {
    const text = Buffer.from(/-EncodedCommand (\S+)/.exec(parameters)?.[1] ?? "", "base64").toString("utf16le");
    const mark = /\$mark = "\$marks\\([^"]+)"/.exec(text)?.[1] ?? "";
    const packed = this.info[scriptKey] ?? "";
    const isBegun = this.info[`mark ${mark}`] !== undefined;
    process.exitCode = isBegun ? begunBefore : packed === "" ? notBegun : 0;
    if (process.exitCode !== 0) return;
    Object.assign(this.info, { [`mark ${mark}`]: "", [scriptKey]: "" });
    this.scripts.push(unpacked(packed));
  }

  private newRoot(): string {
    const root = mkdtempSync(join(tmpdir(), "headroom-tools-"));
    for (const folder of ["bin", "info", "var"]) mkdirSync(join(root, folder));
    const tool = join(root, "bin", "vmware-rpctool");
    writeFileSync(tool, rpcTool);
    chmodSync(tool, 0o755);
    return root;
  }
}

function unpacked(packed: string): string {
  return gunzipSync(Buffer.from(packed, "base64")).toString("utf8");
}
