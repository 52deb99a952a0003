/**
 * The process that is a local VM, started with the VM's folder as its only argument:
 * registers itself → boots → runs the startup script → answers on its ports → stays until it is ended.
 * It belongs to no one: neither the plugin that started it nor the runtime can take it down by dying.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { callUntilAnswered } from "./guest-calls";
import { becomeGuest } from "./guest-account";
import { parseCommand, readCommands, type GuestCommand } from "./guest-outbox";
import { readGuestSettings, recordVm, type GuestSettings } from "./vm-folder";

/** How often it looks whether its folder is still there: a VM whose folder was removed by hand ends itself. */
const folderCheckMs = 10_000;

function say(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

async function main(folder: string): Promise<void> {
  becomeGuest();
  const settings = readGuestSettings(folder);
  if (!settings) throw new Error(`${folder}: settings.json is missing or not readable`);
  if (recordVm(folder, { nodeId: settings.nodeId, pid: process.pid })?.pid !== process.pid) {
    return say("another process is this VM already; ending");
  }
  setInterval(() => existsSync(join(folder, "vm.json")) || process.exit(0), folderCheckMs);
  process.on("SIGTERM", () => {
    say("shutting down");
    process.exit(0);
  });
  const outbox = new Outbox(folder, settings);
  process.on("SIGUSR2", () => outbox.readNew());

  say(`${settings.nodeId} boots at ${settings.address}`);
  await delay(settings.bootSeconds * 1000);
  const exitCode = await runStartupScript(folder, settings);
  say(exitCode === undefined ? "no startup script" : `startup script ended with exit code ${exitCode}`);
  if (exitCode === undefined || exitCode === 0) for (const port of settings.ports) listen(settings, port);
}

/** Its exit code; undefined when there is none. A script with a `#!` line runs by that, others by /bin/sh. */
function runStartupScript(folder: string, { address }: GuestSettings): Promise<number | undefined> {
  const file = join(folder, "startup.sh");
  if (!existsSync(file)) return Promise.resolve(undefined);
  const [command, args] = readFileSync(file, "utf8").startsWith("#!") ? [file, []] : ["/bin/sh", [file]];
  const own = {
    HEADROOM_VM_PID: String(process.pid),
    HEADROOM_VM_ADDRESS: address,
    HEADROOM_VM_NODE: process.execPath,
  };
  const env = { ...process.env, ...own, PATH: `${folder}/bin:${process.env["PATH"]}` };
  return new Promise((resolve) => {
    const script = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
    script.on("exit", (code) => resolve(code ?? 255));
    script.on("error", (error) => {
      say(`startup script could not be started: ${error.message}`);
      resolve(127);
    });
  });
}

/** What a desktop or SSH server would do: accept, say who it is. */
function listen(settings: GuestSettings, port: number): void {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(`headroom local VM ${settings.nodeId}\r\n`);
  });
  server.on("error", (error) => say(`port ${port}: ${error.message}`));
  server.listen(port, settings.address, () => say(`answers on ${settings.address}:${port}`));
}

/** Makes the calls that the startup script asked for: check-ins in their order, heartbeats beside them for ever. */
class Outbox {
  #seen = 0;
  #checkins: Promise<void> = Promise.resolve();
  #isGone = false;

  constructor(
    private readonly folder: string,
    private readonly settings: GuestSettings,
  ) {}

  readNew(): void {
    const { commands, seen } = readCommands(join(this.folder, "outbox"), this.#seen);
    this.#seen = seen;
    for (const words of commands) {
      try {
        this.#start(parseCommand(words));
      } catch (error) {
        say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  #start(command: GuestCommand): void {
    if (command.kind === "agent") void this.#heartbeat(command);
    else this.#checkins = this.#checkins.then(() => this.#checkIn(command));
  }

  async #checkIn(command: GuestCommand & { kind: "checkin" }): Promise<void> {
    if (this.#isGone) return;
    const { upstream, token, status, message, progress = "100" } = command;
    const body = { status, status_message: message, status_progress: progress };
    const answer = await callUntilAnswered({ upstream, path: "/api/set_server_status", token, body }, say);
    say(`check-in ${status} ${progress} %: ${answer.kind}${answer.kind === "done" ? "" : ` ${answer.text}`}`);
    this.#isGone ||= answer.kind === "gone";
  }

  async #heartbeat(command: GuestCommand & { kind: "agent" }): Promise<void> {
    const { upstream, token, serverId } = command;
    const { cores, memoryBytes, gpus, heartbeatSeconds } = this.settings;
    const call = { upstream, path: `/api/v1/nodes/${serverId}/heartbeat`, token, body: { cores, memoryBytes, gpus } };
    let last = "";
    while (!this.#isGone) {
      const answer = await callUntilAnswered(call, say);
      if (answer.kind !== last) say(`heartbeat: ${answer.kind}${answer.kind === "done" ? "" : ` ${answer.text}`}`);
      last = answer.kind;
      this.#isGone ||= answer.kind === "gone";
      await delay(heartbeatSeconds * 1000);
    }
  }
}

main(process.argv[2] ?? "").catch((error: Error) => {
  say(error.message);
  process.exit(1);
});
