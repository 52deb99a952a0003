/**
 * The terminal of the demo's servers: a program that their startup script starts in each VM. It asks for a name and a password
 * on a port, as an SSH server would, and lets in who knows both. And its visitor, who knows what the API told him.
 */
import { connect } from "node:net";

/** Above 1023, so that nobody needs to be root. */
export const terminalPort = 2222;

const program = `
const { createServer } = require("node:net");
const { writeFileSync } = require("node:fs");
const { HEADROOM_VM_ADDRESS: host, TERMINAL_NAME: name, TERMINAL_PASSWORD: password } = process.env;
createServer((socket) => {
  let text = "";
  socket.on("error", () => socket.destroy());
  socket.setEncoding("utf8").write("name and password, a line each\\n");
  socket.on("data", (more) => {
    text += more;
    const lines = text.split("\\n");
    if (lines.length < 3 && text.length < 1000) return;
    socket.end(lines[0] === name && lines[1] === password ? "welcome " + name + "\\n" : "go away\\n");
  });
}).listen(${terminalPort}, host, () => writeFileSync("terminal.ready", ""));
`;

/**
 * For a startup script: starts the program and waits until it listens. The braces of the program are doubled as in every startup script; who
 * gets in is what the autoscale config declares.
 */
export const startTerminal = `cat > terminal.cjs <<'END'
${program.replace(/[{}]/g, (brace) => brace + brace)}END
TERMINAL_NAME='{connection_username}' TERMINAL_PASSWORD='{connection_password}' "$HEADROOM_VM_NODE" terminal.cjs &
until [ -e terminal.ready ]; do sleep 0.1; done
`;

/** A user at the door; resolves with what he is told. Gives up after 5 s. */
export function enterTerminal(to: { host: string; port: number; userName: string; password: string }): Promise<string> {
  const { host, port, userName, password } = to;
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host, port, timeout: 5_000 }, () => socket.write(`${userName}\n${password}\n`));
    socket.setEncoding("utf8").on("data", (more: string) => (text += more));
    socket.once("timeout", () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
    socket.once("error", reject);
    socket.once("close", () => resolve(text.trim().split("\n").at(-1) ?? ""));
  });
}
