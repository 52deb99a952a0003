/** The units, the image and the compose file that are handed out, as far as a machine without a builder can tell. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse } from "yaml";
import { packageRoot } from "../../runtime/main";
import { serveWords, unknownFlags } from "./serve-options";

const folder = join(packageRoot, "deploy");
const dockerfile = readFileSync(join(folder, "Dockerfile"), "utf8");
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

/** Exposure by `systemd-analyze security`, of 10; what is left is the network, which the runtime needs. */
const exposureMax = 2;

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly volumes?: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
}

describe("systemd units", () => {
  for (const unit of readdirSync(join(folder, "systemd"))) {
    const file = join(folder, "systemd", unit);

    it(`${unit} is sound, and exposed at most ${exposureMax} of 10 [systemd-analyze]`, function () {
      if (!hasSystemd) return this.skip();
      const verified = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
      assert.deepEqual([verified.status, verified.stdout + verified.stderr], [0, ""]);
      const threshold = `--threshold=${exposureMax * 10}`;
      const judged = spawnSync("systemd-analyze", ["security", "--offline=true", threshold, file], {
        encoding: "utf8",
      });
      assert.equal(judged.status, 0, judged.stdout.split("\n").slice(-3).join("\n"));
    });

    it(`${unit} starts a command that there is, and waits for running updates when it stops`, () => {
      const text = readFileSync(file, "utf8");
      const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
      const [, , command, ...words] = valueOf("ExecStart").split(" ");
      const { status } = spawnSync(process.execPath, [
        join(packageRoot, "dist", "runtime", "cli", "main.js"),
        command!,
        "--help",
      ]);
      assert.deepEqual([status, words], [0, []]);
      assert.notEqual(valueOf("User"), "root");
      assert.ok(Number(valueOf("TimeoutStopSec")) > 60, "the runtime gives updates 60 seconds");
    });
  }
});

describe("the compose file", () => {
  const { services } = parse(readFileSync(join(folder, "compose.yaml"), "utf8"), { merge: true }) as {
    services: Readonly<Record<string, ComposeService>>;
  };
  const own = Object.entries(services).filter(([, { image }]) => image.startsWith("headroom"));

  it("starts runtimes with options that there are, one data folder each and one backend for all", () => {
    const runtimes = own.filter(([, { entrypoint }]) => entrypoint === undefined).map(([, service]) => service);
    assert.equal(runtimes.length, 2);
    const { variables } = serveWords();
    for (const { command = [], environment = {} } of runtimes) {
      assert.deepEqual(unknownFlags(command), []);
      assert.deepEqual(
        Object.keys(environment).filter((name) => !variables.has(name)),
        [],
      );
    }
    const data = runtimes.map(({ volumes = [] }) => volumes.find((volume) => volume.endsWith(":/var/lib/headroom")));
    assert.equal(new Set(data).size, 2);
    assert.equal(new Set(runtimes.map(({ environment }) => environment?.["HEADROOM_BACKEND_URL"])).size, 1);
  });

  it("gives containers no root, no capability, no writable root, and opens ports to this machine alone", () => {
    for (const [name, service] of own) {
      assert.deepEqual(
        [service.read_only, service.cap_drop, service.security_opt, service.user, service.privileged],
        [true, ["ALL"], ["no-new-privileges:true"], undefined, undefined],
        name,
      );
    }
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
  });
});

describe("the image", () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));

  it("runs as a number that is not root, and starts the command that the package names", () => {
    const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
      bin: Record<string, string>;
      files: string[];
    };
    assert.equal(/^USER (\d+):(\d+)$/m.exec(last)?.slice(1).join(), "61471,61471");
    assert.ok(last.includes(`/app/${manifest.bin["headroom"]} /usr/local/bin/headroom`), last);
    assert.match(last, /^CMD \["serve"\]$/m);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)([\w./ -]+) \S+$/gm)].flatMap(([, from]) =>
      from!.split(" "),
    );
    assert.deepEqual(
      copied.filter((path) => !existsSync(join(packageRoot, path))),
      [],
    );
  });

  it("takes dependencies as they are locked, and is made of nothing that lies around", () => {
    assert.doesNotMatch(dockerfile, /npm install (?!--no-save)/);
    const ignored = readFileSync(join(packageRoot, ".dockerignore"), "utf8").split("\n");
    for (const name of [".git", ".headroom", "**/node_modules", "**/dist"]) assert.ok(ignored.includes(name), name);
  });

  it("is healthy while the runtime answers, and not when it does not", async () => {
    let status = 200;
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      assert.equal(await healthCheck(port), 0);
      status = 503;
      assert.equal(await healthCheck(port), 1);
      assert.deepEqual(asked, ["/livez", "/livez"]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    assert.equal(await healthCheck(port), 1);
  });
});

function healthCheck(port: number): Promise<number | null> {
  const environment = { PATH: process.env["PATH"], HEADROOM_PORT: String(port) };
  const child = spawn(process.execPath, [join(folder, "healthcheck.mjs")], { env: environment });
  return new Promise((resolve) => child.once("close", resolve));
}
