/** The inside of an emulated VM with its QEMU guest agent: a folder, in which commands for Linux really run. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { begunBefore, notBegun } from "../../provider/clouds/proxmox/guest-script";

export interface GuestProcess {
  exited: 0 | 1;
  exitcode?: number;
  "out-data"?: string;
  "err-data"?: string;
}

const starts = ["tmp", "var/lib", "C/Windows/Temp", "C/ProgramData"];

export class EmulatedGuest {
  /** The whole text of each script that was begun, in order. */
  readonly scripts: string[] = [];
  /** Requests that the agent leaves without an answer until it has started. */
  silentFor = 1;
  /** What it answers in the place of each request, as a guest does in which something is wrong. */
  trouble: string | undefined;
  readonly processes = new Map<number, GuestProcess>();
  private readonly root = mkdtempSync(join(tmpdir(), "headroom-guest-"));
  private pid = 1000;

  constructor(readonly address: string) {
    for (const folder of starts) mkdirSync(join(this.root, folder), { recursive: true });
  }

  /** Throws what Proxmox VE says as long as the agent is not there. */
  requireReady(): void {
    if (this.silentFor > 0) {
      this.silentFor -= 1;
      throw new Error("QEMU guest agent is not running");
    }
    if (this.trouble !== undefined) throw new Error(this.trouble);
  }

  interfaces(): object[] {
    const ipv4 = (address: string) => ({ "ip-address": address, "ip-address-type": "ipv4", prefix: 24 });
    return [
      { name: "lo", "ip-addresses": [ipv4("127.0.0.1")] },
      { name: "docker0", "ip-addresses": [ipv4("172.17.0.1")] },
      { name: "eth1", "ip-addresses": [ipv4("169.254.7.7")] },
      {
        name: "eth0",
        "ip-addresses": [{ "ip-address": "fe80::1", "ip-address-type": "ipv6", prefix: 64 }, ipv4(this.address)],
      },
    ];
  }

  write(file: string, content: Buffer): void {
    const path = this.inside(file);
    if (!existsSync(dirname(path)))
      throw new Error(`Agent error: failed to open file '${file}' (mode: 'wb'): No such file or directory`);
    writeFileSync(path, content);
  }

  has(file: string): boolean {
    return existsSync(this.inside(file));
  }

  makeFolder(folder: string): void {
    mkdirSync(this.inside(folder), { recursive: true });
  }

  names(folder: string): string[] {
    return readdirSync(this.inside(folder));
  }

  exec([program = "", ...parameters]: readonly string[]): number {
    this.pid += 1;
    const process: GuestProcess = { exited: 0 };
    this.processes.set(this.pid, process);
    if (program === "/bin/sh") this.runShell(parameters, process);
    else if (program === "powershell.exe") this.runPowerShell(parameters, process);
    else
      throw new Error(
        `Agent error: Guest agent command failed, error was 'Failed to execute child process "${program}"'`,
      );
    return this.pid;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Parameters that are absolute paths are taken for paths in the guest. */
  private runShell([flag = "", text = "", name = "", ...parameters]: readonly string[], process: GuestProcess): void {
    const mapped = parameters.map((parameter) => (parameter.startsWith("/") ? this.inside(parameter) : parameter));
    const script = this.partsIn(mapped[0] ?? "");
    const shell = spawn("/bin/sh", [flag, text, name, ...mapped], {
      cwd: this.root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    shell.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    shell.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    shell.on("close", (code) => {
      if (script !== undefined && code !== begunBefore && code !== notBegun) this.scripts.push(script);
      this.end(process, code ?? 1, Buffer.concat(output).toString(), Buffer.concat(errors).toString());
    });
  }

  /** Nothing here runs PowerShell: what the commands do is done by their parameters. */
  private runPowerShell(parameters: readonly string[], process: GuestProcess): void {
    const text = Buffer.from(parameters.at(-1) ?? "", "base64").toString("utf16le");
    const made = /New-Item -ItemType Directory -Force -Path '([^']+)'/.exec(text)?.[1];
    if (made !== undefined) {
      this.makeFolder(made);
      return this.end(process, 0);
    }
    const folder = /\$folder = '([^']+)'/.exec(text)?.[1];
    const nodeId = /\$mark = "\$marks\\([^"]+)"/.exec(text)?.[1];
    if (folder === undefined || nodeId === undefined) return this.end(process, 1, "", "what is this?");
    const mark = `C:\\ProgramData\\headroom\\${nodeId}`;
    if (this.has(mark)) return this.end(process, begunBefore);
    this.makeFolder("C:\\ProgramData\\headroom");
    this.write(mark, Buffer.from(folder));
    this.scripts.push(this.partsIn(this.inside(folder)) ?? "");
    rmSync(this.inside(folder), { recursive: true });
    this.end(process, 0);
  }

  private partsIn(folder: string): string | undefined {
    if (!existsSync(folder)) return undefined;
    const parts = readdirSync(folder).filter((name) => name.startsWith("part-"));
    if (parts.length === 0) return undefined;
    return Buffer.concat(parts.sort().map((name) => readFileSync(join(folder, name)))).toString();
  }

  private end(process: GuestProcess, exitcode: number, output = "", errors = ""): void {
    Object.assign(process, { exited: 1, exitcode, "out-data": output, "err-data": errors });
  }

  private inside(path: string): string {
    return join(this.root, path.replace(/^([A-Za-z]):/, "$1").replaceAll("\\", "/"));
  }
}
