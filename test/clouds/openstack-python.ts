/** A Python that has packages of OpenStack's, for what they say of requests: `HEADROOM_OPENSTACK_PYTHON` names one. */
import { spawnSync } from "node:child_process";

const python = process.env["HEADROOM_OPENSTACK_PYTHON"] ?? "python3";

/** Whether it has this package, which is looked for and not loaded. */
export function pythonHas(module: string): boolean {
  const script = `import importlib.util, sys; sys.exit(importlib.util.find_spec(${JSON.stringify(module)}) is None)`;
  return spawnSync(python, ["-c", script]).status === 0;
}

/** What the script prints, as JSON. */
export function askPython(script: string, input: unknown): unknown {
  const { status, stdout, stderr } = spawnSync(python, ["-c", script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${python} ended with ${status}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout);
}
