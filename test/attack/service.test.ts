/** A whole service of its own process: what is refused before it starts, and what stays so across its starts. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createApiKey } from "../../runtime/api/api-keys";
import { HeadroomClient } from "../../runtime/api/client";
import { headroom, Served, shareSecrets, withFolder } from "../cli/headroom";
import { newDatabase } from "../support/postgres";
import { newSelfSigned } from "../support/self-signed";
import { until } from "../support/until";

const owner = "attack";

function readKey(folder: string): string {
  return readFileSync(join(folder, "admin-key"), "utf8").trim();
}

describe("headroom serve under attack", function () {
  this.timeout(180_000);

  it("is not begun on an address that others reach, unless by TLS or behind a proxy: one sentence, and nothing made", async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4")?.address;
    await withFolder(async (folder) => {
      const data = join(folder, "data");
      for (const host of ["0.0.0.0", "::", "0", "::ffff:0.0.0.0", "", ...(own === undefined ? [] : [own])]) {
        const args = ["serve", "--port", "0", "--engine", "embedded", "--data-folder", data, "--host", host];
        const { code, stderr, stdout } = await headroom(args);
        assert.equal(code, 2, `${host}: ${stderr}`);
        assert.match(stderr, /^headroom: --host: [^\n]+\n$/, host);
        assert.equal(stdout, "");
        assert.ok(!existsSync(data), "the data folder was made");
      }
      const { stderr } = await headroom(["serve", "--port", "0", "--data-folder", data], { HEADROOM_HOST: "0.0.0.0" });
      assert.match(stderr, /--tls-cert and --tls-key, or --trust-proxy/);
    });
  });

  it("is not begun with half a pair, a bad pair or proxies that are none", async () => {
    await withFolder(async (folder) => {
      const data = join(folder, "data");
      const { cert, key } = newSelfSigned();
      const [certFile, keyFile] = [join(folder, "c.pem"), join(folder, "k.pem")];
      writeFileSync(certFile, cert);
      writeFileSync(keyFile, key);
      for (const [args, code, message] of [
        [["--tls-cert", certFile], 2, /--tls-key: is missing/],
        [["--tls-key", keyFile], 2, /--tls-cert: is missing/],
        [["--tls-cert", certFile, "--tls-key", certFile], 3, /holds no private key/],
        [["--tls-cert", join(folder, "none"), "--tls-key", keyFile], 3, /none can't be read/],
        [["--trust-proxy", "everybody"], 2, /--trust-proxy: got "everybody"/],
        [["--trust-proxy", "0", "--host", "0.0.0.0"], 2, /--trust-proxy: got "0"/],
      ] as const) {
        const ended = await headroom(["serve", "--port", "0", "--engine", "embedded", "--data-folder", data, ...args]);
        assert.equal(ended.code, code, ended.stderr);
        assert.match(ended.stderr, message);
        assert.equal(ended.stderr.split("\n").length, 2, ended.stderr);
        assert.ok(!existsSync(data));
      }
    });
  });

  it("holds by https across its starts: keys that were deleted, streams, spent requests, local programs", async () => {
    await withFolder(async (folder) => {
      const { cert, key } = newSelfSigned();
      const [certFile, keyFile, data] = [join(folder, "c.pem"), join(folder, "k.pem"), join(folder, "data")];
      writeFileSync(certFile, cert);
      writeFileSync(keyFile, key, { mode: 0o600 });
      const databaseUrl = await newDatabase();
      const common = ["--port", "0", "--engine", "embedded", "--database", databaseUrl, "--tick", "1s"];
      const args = [...common, "--data-folder", data, "--tls-cert", certFile, "--tls-key", keyFile];
      const clientOf = (endpoint: string, apiKey: string) =>
        new HeadroomClient({ endpoint, apiKey, tlsCa: cert, retries: 0 });

      const kept = await Served.run(args, {}, async (served, url) => {
        assert.match(url, /^https:/);
        const first = clientOf(url, readKey(data));
        assert.equal((await first.status()).url, url);
        const spare = await first.createApiKey({ name: "spare", scope: "admin" });
        const admin = clientOf(url, spare.key);
        const ci = await admin.createApiKey({ name: "ci", scope: "operator" }, "the-request");
        await endsWithItsKey(url, admin);
        await admin.deleteApiKey("ci");
        await admin.deleteApiKey("admin");
        await assert.rejects(first.status(), /not known here/);
        const status = await headroom(["--endpoint", url, "--key", spare.key, "--tls-ca", certFile, "status"]);
        assert.deepEqual([status.code, status.stderr], [0, ""]);
        assert.equal(await served.end("SIGTERM"), 0);
        return { spare: spare.key, ci: ci.key };
      });

      await Served.run(args, {}, async (served, url) => {
        for (const apiKey of [readKey(data), kept.ci])
          await assert.rejects(clientOf(url, apiKey).status(), /not known here/);
        const admin = clientOf(url, kept.spare);
        await assert.rejects(
          admin.createApiKey({ name: "ci", scope: "operator" }, "the-request"),
          /was deleted; use a new/,
        );
        assert.match(served.output, /admin key of this data folder was deleted/);
      });

      const other = join(folder, "other");
      shareSecrets(data, other);
      writeFileSync(join(other, "admin-key"), createApiKey(), { mode: 0o600 });
      const backend = ["--backend", `file://${join(data, "state")}`];
      await Served.run([...common, ...backend, "--data-folder", other], {}, async (served, url) => {
        await until("it leads", async () => (await clientOf(url, "x").health()).status === "leader");
        await assert.rejects(clientOf(url, readKey(other)).status(), /not known here/);
        assert.match(served.output, /not known here; copy the file/);
        assert.equal(await served.end("SIGTERM"), 0);
      });
      const accepting = [...common, ...backend, "--data-folder", other, "--accept", "admin-key"];
      await Served.run(accepting, {}, async (_served, url) => {
        await until("it leads", async () => (await clientOf(url, "x").health()).status === "leader");
        assert.ok((await clientOf(url, readKey(other)).status()).epoch > 2);
      });
    });
  });

  /** A session that waits, watched by a key that then goes. */
  async function endsWithItsKey(url: string, admin: HeadroomClient): Promise<void> {
    const put = (kind: "zone" | "pool" | "workspace" | "vmProviderConfig" | "autoscaleConfig", doc: { name: string }) =>
      admin.putDefinition({ kind, name: doc.name, doc: { ...doc }, owner });
    await put("zone", { name: "lab", upstreamAuthAddress: "127.0.0.1:1", local: true } as { name: string });
    await put("pool", { name: "agents", type: "dockerAgent" } as { name: string });
    const settings = { bootTime: "1h" };
    await put("vmProviderConfig", { name: "here", kind: "local", maxInstances: 1, settings } as { name: string });
    await put("autoscaleConfig", {
      name: "a",
      type: "dockerAgent",
      pool: "agents",
      zone: "lab",
      vmProvider: "here",
    } as { name: string });
    await put("workspace", { name: "w", pools: ["agents"], cores: 1, memory: "1GiB" } as { name: string });
    const { sessionId } = await admin.requestSession({ workspace: "w", userId: "ada" });
    const { key } = await admin.createApiKey({ name: "watcher", scope: "viewer" });
    const { request } = await import("node:https");
    let [hasBegun, isOver] = [false, false];
    const headers = { authorization: `Bearer ${key}` };
    const sent = request(
      `${url}/api/v1/sessions/${sessionId}/events`,
      { headers, rejectUnauthorized: false },
      (response) => {
        response.on("data", () => (hasBegun = true)).on("end", () => (isOver = true));
      },
    );
    sent.on("error", () => (isOver = true)).end();
    await until("the stream has begun", () => hasBegun);
    await admin.deleteApiKey("watcher");
    await until("the stream has ended with its key", () => isOver);
    await admin.releaseSession(sessionId);
  }

  it("lets go of 500 connections that say nothing and are never closed", async () => {
    await withFolder(async (folder) => {
      const args = ["--port", "0", "--engine", "embedded", "--database", await newDatabase(), "--data-folder", folder];
      await Served.run(args, {}, async (served, url) => {
        const { port } = new URL(url);
        const count = 500;
        const sockets = Array.from({ length: count }, () =>
          connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined),
        );
        try {
          const descriptors = () => descriptorsOf(served.child.pid!);
          await until("all are open", () => descriptors() >= count);
          await until("all are let go", () => descriptors() < 60);
          assert.equal((await new HeadroomClient({ endpoint: url }).health()).status, "leader");
        } finally {
          for (const socket of sockets) socket.destroy();
        }
      });
    });
  });
});

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
