/** Who listens in, who stands between, and who only says so. */
import assert from "node:assert/strict";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { connectionDefaults, type RuntimeConnection } from "../../provider/kernel/connection";
import { definitionKernels } from "../../provider/kernel/definition-kernels";
import { HeadroomClient } from "../../runtime/api/client";
import { TlsCertificate } from "../../runtime/api/tls-certificate";
import { TrustedProxies } from "../../runtime/api/trusted-proxies";
import type { Clock } from "../../runtime/model/clock";
import { realClock } from "../../runtime/model/real-clock";
import { Api } from "../api/harness";
import { headroom } from "../cli/headroom";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { newSelfSigned, type SelfSigned } from "../support/self-signed";
import { until } from "../support/until";
import { head, speak } from "./wire";

const dayMs = 86_400_000;

interface Told {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}

describe("TLS", () => {
  let folder: string;
  let first: SelfSigned;
  let api: Api;
  const told: Told[] = [];
  const log = Object.fromEntries(
    (["info", "warn", "error"] as const).map((level) => [
      level,
      (...parts: unknown[]) => void told.push({ level, text: JSON.stringify(parts) }),
    ]),
  ) as unknown as Parameters<typeof TlsCertificate.load>[1]["log"];

  const file = (name: string): string => join(folder, name);
  const files = (): { certFile: string; keyFile: string } => ({ certFile: file("cert.pem"), keyFile: file("key.pem") });
  function write({ cert, key }: SelfSigned): void {
    for (const [name, text] of [
      ["cert.pem", cert],
      ["key.pem", key],
    ] as const) {
      writeFileSync(file(`${name}.new`), text, { mode: 0o600 });
      renameSync(file(`${name}.new`), file(name));
    }
  }
  let looks = 0;
  const clock: Clock = {
    now: () => realClock.now(),
    after(delayMs, run) {
      looks += 1;
      return realClock.after(delayMs, run);
    },
  };
  const load = () => TlsCertificate.load(files(), { clock, log, lookEveryMs: 30 });

  before(async () => {
    folder = newOpenFolder("headroom-tls-");
    first = newSelfSigned();
    write(first);
    api = await Api.start({ certificate: await load() });
    await api.furnish();
  });
  after(async () => {
    await api.close();
    removeFolder(folder);
  });
  beforeEach(() => told.splice(0));

  const port = (): number => Number(new URL(api.url).port);
  const client = (tlsCa?: string) =>
    new HeadroomClient({ endpoint: api.url, apiKey: api.keys.viewer, tlsCa, retries: 0 });

  /** Shakes hands and says with what. */
  function shake(options: object = {}): Promise<{ protocol: string | null; serial: string } | Error> {
    return new Promise((resolve) => {
      const socket: TLSSocket = connectTls(
        { port: port(), host: "127.0.0.1", rejectUnauthorized: false, ...options },
        () => {
          resolve({ protocol: socket.getProtocol(), serial: socket.getPeerCertificate().serialNumber });
          socket.destroy();
        },
      );
      socket.on("error", resolve);
    });
  }

  it("is what the URL says, and both doors answer behind it, with word to never come by plain http", async () => {
    assert.match(api.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    for (const path of ["/api/v1/sessions", "/api/v1/nodes"]) {
      const text = await speak(port(), head(`GET ${path} HTTP/1.1`, "host: x", "connection: close"), { isTls: true });
      assert.match(text, /^HTTP\/1\.1 401 /, path);
      assert.match(text, /\r\nstrict-transport-security: max-age=31536000\r\n/i, path);
    }
  });

  it("is checked by clients: one that does not know who signed sends no key and says what to do", async () => {
    assert.deepEqual((await client(first.cert).sessions()).length, 0);
    await assert.rejects(
      client().sessions(),
      /can't be reached: self-signed certificate; .*--tls-ca or HEADROOM_TLS_CA/,
    );
    await assert.rejects(client(newSelfSigned().cert).sessions(), /can't be reached: /);
  });

  it("streams events to clients", async () => {
    const broker = new HeadroomClient({ endpoint: api.url, apiKey: api.keys.broker, tlsCa: first.cert });
    const { sessionId } = await broker.requestSession({ workspace: "office", userId: "ada" });
    await broker.setSessionStatus(sessionId, "running");
    const seen: string[] = [];
    for await (const { status } of broker.watchSession(sessionId)) seen.push(status);
    assert.deepEqual(seen, ["running"]);
  });

  it("is reached by the command with --tls-ca and HEADROOM_TLS_CA, and by nothing less", async () => {
    const args = ["--endpoint", api.url, "--key", api.keys.viewer, "nodes"];
    const good = await headroom(["--tls-ca", file("cert.pem"), ...args]);
    assert.deepEqual([good.code, good.stderr], [0, ""]);
    assert.equal((await headroom(args, { HEADROOM_TLS_CA: file("cert.pem") })).code, 0);
    const blind = await headroom(args);
    assert.equal(blind.code, 3);
    assert.match(blind.stderr, /^headroom: .*self-signed certificate; .*--tls-ca/);
    for (const name of ["missing.pem", "key.pem"]) {
      const bad = await headroom(["--tls-ca", file(name), ...args]);
      assert.equal(bad.code, 3);
      assert.match(
        bad.stderr,
        new RegExp(`^headroom: ${file(name)} (can't be read|holds no certificate); .*--tls-ca\n$`),
      );
    }
  });

  it("is reached by programs with tlsCa, or the file that HEADROOM_TLS_CA names, and by nothing less", async () => {
    const kernel = definitionKernels(realClock).pool;
    const pool = async (connection: RuntimeConnection, name: string) => {
      const context = { ...connection, owner: `urn:${name}`, isPreview: false, signal: new AbortController().signal };
      const { inputs, problems } = await kernel.check({ name, type: "server" }, undefined, context);
      assert.deepEqual(problems, []);
      return (await kernel.create(inputs, context)).id;
    };
    const given = { endpoint: api.url, apiKey: api.keys.operator };
    assert.equal(await pool({ ...given, tlsCa: first.cert }, "by-text"), "by-text");
    const fromEnvironment = (file: string) =>
      connectionDefaults({ HEADROOM_ENDPOINT: api.url, HEADROOM_API_KEY: api.keys.operator, HEADROOM_TLS_CA: file });
    assert.equal(await pool(fromEnvironment(file("cert.pem")), "by-file"), "by-file");
    await assert.rejects(pool(given, "blind"), /self-signed certificate; .*HEADROOM_TLS_CA/);
    await assert.rejects(pool(fromEnvironment(file("nowhere.pem")), "lost"), /HEADROOM_TLS_CA names .*nowhere\.pem/);
  });

  it("is never older than 1.2, nor without encryption", async () => {
    for (const version of ["TLSv1.2", "TLSv1.3"]) {
      const shaken = await shake({ minVersion: version, maxVersion: version });
      assert.equal("protocol" in shaken && shaken.protocol, version);
    }
    const weak = { ciphers: "DEFAULT@SECLEVEL=0" };
    for (const options of [
      { ...weak, minVersion: "TLSv1", maxVersion: "TLSv1" },
      { ...weak, minVersion: "TLSv1.1", maxVersion: "TLSv1.1" },
      { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", ciphers: "NULL:@SECLEVEL=0" },
      { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", ciphers: "ADH:@SECLEVEL=0" },
    ]) {
      const shaken = await shake(options).catch((error: Error) => error);
      assert.ok(shaken instanceof Error, JSON.stringify(options));
    }
  });

  it("is not there for plain requests: nothing of them is answered", async () => {
    const text = await speak(port(), head("GET /healthz HTTP/1.1", "host: x"));
    assert.ok(!text.includes("200"), text);
  });

  it("takes a renewed pair from its files, and connections that are open go on", async () => {
    const before = await shake();
    const events = await openStream();
    const second = newSelfSigned();
    write(second);
    await until("the new certificate is shown", async () => {
      const shaken = await shake();
      return "serial" in shaken && "serial" in before && shaken.serial !== before.serial;
    });
    assert.equal(events.isOpen(), true);
    assert.equal((await client(second.cert).sessions()).length >= 0, true);
    events.close();
    first = second;
    assert.deepEqual(
      told.map(({ level }) => level),
      ["info"],
    );
  });

  async function openStream(): Promise<{ isOpen(): boolean; close(): void }> {
    const socket = connectTls({ port: port(), host: "127.0.0.1", rejectUnauthorized: false });
    let isOpen = true;
    socket.on("close", () => (isOpen = false));
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
    socket.resume().write(head("GET /healthz HTTP/1.1", "host: x"));
    return { isOpen: () => isOpen, close: () => socket.destroy() };
  }

  it("takes a renewed pair through links, as certbot and Kubernetes swap them", async () => {
    const linked = newOpenFolder("headroom-links-");
    try {
      const place = (name: string, pair: SelfSigned): void => {
        mkdirSync(join(linked, name));
        writeFileSync(join(linked, name, "c"), pair.cert);
        writeFileSync(join(linked, name, "k"), pair.key);
        symlinkSync(name, join(linked, "now.new"));
        renameSync(join(linked, "now.new"), join(linked, "now"));
      };
      const [one, two] = [newSelfSigned(), newSelfSigned()];
      place("one", one);
      const paths = { certFile: join(linked, "now", "c"), keyFile: join(linked, "now", "k") };
      const certificate = await TlsCertificate.load(paths, { clock: realClock, log, lookEveryMs: 20 });
      const taken = new Promise<void>((resolve) => {
        const stop = certificate.watch(() => {
          stop();
          resolve();
        });
      });
      place("two", two);
      await taken;
      assert.equal(certificate.pair.cert, two.cert);
    } finally {
      removeFolder(linked);
    }
  });

  const badPairs: Readonly<Record<string, readonly [() => void, RegExp]>> = {
    "a key of another certificate": [
      () => writeFileSync(file("key.pem"), newSelfSigned().key),
      /is not that of the certificate/,
    ],
    "half a certificate": [() => writeFileSync(file("cert.pem"), first.cert.slice(0, 200)), /holds no certificate/],
    "an empty key": [() => writeFileSync(file("key.pem"), ""), /holds no private key/],
    "no file": [() => renameSync(file("cert.pem"), file("gone.pem")), /can't be read/],
  };
  for (const [name, [spoil, message]] of Object.entries(badPairs)) {
    it(`keeps the pair before when the files then hold ${name}, and says so once`, async () => {
      spoil();
      await until("it is told", () => told.some(({ level }) => level === "error"));
      assert.match(told.find(({ level }) => level === "error")!.text, message);
      assert.ok(!JSON.stringify(told).includes("PRIVATE KEY"));
      assert.equal((await client(first.cert).sessions()).length >= 0, true);
      const seen = looks;
      await until("it was looked at again and again", () => looks > seen + 5);
      assert.equal(told.filter(({ level }) => level === "error").length, 1);
      write(first);
    });
  }

  it("does not begin with a pair that can't be used: one sentence names the file", async () => {
    const encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [first.cert, newSelfSigned().key, /the key in \S+ is not that of the certificate in \S+; name a pair$/],
      [first.cert, encrypted, /is encrypted; give one without a passphrase$/],
      [first.cert, first.cert, /holds no private key; /],
      [first.key, first.key, /holds no certificate; /],
      ["", "", /holds no certificate; /],
    ];
    for (const [cert, key, message] of cases) {
      writeFileSync(file("bad-cert.pem"), cert);
      writeFileSync(file("bad-key.pem"), key);
      const bad = { certFile: file("bad-cert.pem"), keyFile: file("bad-key.pem") };
      await assert.rejects(TlsCertificate.load(bad, { clock: realClock, log }), message);
    }
    const missing = { certFile: file("nowhere.pem"), keyFile: file("key.pem") };
    await assert.rejects(
      TlsCertificate.load(missing, { clock: realClock, log }),
      /nowhere\.pem can't be read .*ENOENT/,
    );
  });

  for (const [what, times, message] of [
    ["has ended", { fromMs: -3 * dayMs, toMs: -dayMs }, /ended at .*: clients refuse it; renew it/],
    ["has not begun", { fromMs: dayMs, toMs: 30 * dayMs }, /begins at .*: clients refuse it until then/],
    ["ends soon", { fromMs: -dayMs, toMs: 3 * dayMs }, /ends at .*; renew it/],
  ] as const) {
    it(`begins with a certificate that ${what}, and warns`, async () => {
      const { cert, key } = newSelfSigned(times);
      writeFileSync(file("timed-cert.pem"), cert);
      writeFileSync(file("timed-key.pem"), key);
      await TlsCertificate.load(
        { certFile: file("timed-cert.pem"), keyFile: file("timed-key.pem") },
        { clock: realClock, log },
      );
      assert.deepEqual(
        told.map(({ level }) => level),
        ["warn"],
      );
      assert.match(told[0]!.text, message);
    });
  }
});

describe("a proxy in front", () => {
  const ask = (api: Api, headers: Record<string, string>, localAddress = "127.0.0.1") =>
    new Promise<{ status: number | undefined; hsts: string | undefined }>((resolve, reject) => {
      const sent = request(`${api.url}/healthz`, { localAddress, headers, agent: false }, (response) => {
        const hsts = response.headers["strict-transport-security"];
        response.resume().on("end", () => resolve({ status: response.statusCode, hsts }));
      });
      sent.on("error", reject).end();
    });

  it("that is trusted tells callers apart, and whether they came by https", async () => {
    const api = await Api.start({ requestsPerMinute: 2, proxies: TrustedProxies.parse("127.0.0.1") });
    try {
      for (const caller of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
        for (const status of [200, 200, 429]) {
          const reply = await ask(api, { "x-forwarded-for": `6.6.6.6, ${caller}`, "x-forwarded-proto": "https" });
          assert.equal(reply.status, status, caller);
          assert.equal(reply.hsts, "max-age=31536000");
        }
      }
      assert.equal((await ask(api, { "x-forwarded-for": "192.0.2.9", "x-forwarded-proto": "http" })).hsts, undefined);
    } finally {
      await api.close();
    }
  });

  it("that nobody trusts gains nothing by what it writes: no new count, no word about https", async () => {
    for (const proxies of [undefined, TrustedProxies.parse("127.0.0.9")]) {
      const api = await Api.start({ requestsPerMinute: 3, proxies });
      try {
        const statuses: (number | undefined)[] = [];
        for (let index = 0; index < 5; index += 1) {
          const headers = {
            "x-forwarded-for": `192.0.2.${index}`,
            "x-forwarded-proto": "https",
            forwarded: `for=1.1.1.${index}`,
          };
          const { status, hsts } = await ask(api, { ...headers, "x-real-ip": `192.0.2.${index}` });
          statuses.push(status);
          assert.equal(hsts, undefined);
        }
        assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
      } finally {
        await api.close();
      }
    }
  });
});
