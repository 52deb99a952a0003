/**
 * A domain controller that nobody here wrote: Samba's, of the packages of Debian, on an address of its own. It is reached
 * by a relay on 127.0.0.1, which can be told to hold what it carries, as a controller does that does not answer.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attribute, Client, Control } from "ldapts";
import type { DirectoryAccess } from "../../provider/directory/access";
import { newSelfSigned } from "../support/self-signed";
import { until } from "../support/until";
import { aptGet } from "../support/apt-get";

const packages = [
  ...["samba-ad-dc", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules"],
  ...["ldb-tools", "winbind", "python3-markdown"],
];
export const domainRoot = "DC=headroom,DC=test";
export const computerOu = `OU=Desktops,${domainRoot}`;
/** Where the service account may do nothing. */
export const closedOu = `OU=Closed,${domainRoot}`;
const adminPassword = "Passw0rd!Adm1n";
export const service = { login: "headroom@headroom.test", password: "Serv1ce!Passw0rd" };

/** Rights of the service account as docs/active-directory.md asks for them, in the language of security descriptors. */
const computerClass = "bf967a86-0de6-11d0-a285-00aa003049e2";
const rights = [
  ["CI", "CCDC", computerClass, ""],
  ["CIIO", "CR", "00299570-246d-11d0-a768-00aa006e0529", computerClass],
  ["CIIO", "WP", "bf967950-0de6-11d0-a285-00aa003049e2", computerClass],
  ["CIIO", "WP", "bf967a68-0de6-11d0-a285-00aa003049e2", computerClass],
  ["CIIO", "SDDTLCRPDC", "", computerClass],
] as const;

/** Why there can be none here; undefined = there can. Installs the packages where that is allowed. */
export function whyNoController(): string | undefined {
  if (process.getuid?.() !== 0) return "Samba needs root";
  const hasSamba = () => ["samba", "samba-tool"].every((name) => spawnSync("which", [name]).status === 0);
  if (hasSamba()) return undefined;
  aptGet(["update"]);
  const { status, stderr, error } = aptGet(["install", "-y", "--no-install-recommends", ...packages]);
  if (status === 0 && hasSamba()) return undefined;
  return `Samba is not here, and apt does not give it: ${(error?.message ?? stderr).trim().split("\n").at(-1)}`;
}

export class DomainController {
  private constructor(
    private readonly folder: string,
    private readonly samba: ChildProcess,
    /** By which the service account comes. */
    readonly relay: Relay,
    /** By which tests look and change things, whatever the other one holds. */
    private readonly side: Relay,
    readonly certificate: string,
  ) {}

  static async start(): Promise<DomainController> {
    const folder = mkdtempSync(join(tmpdir(), "headroom-samba-"));
    const address = `127.77.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}`;
    const certificate = provision(folder, address);
    const samba = spawn("samba", ["-i", "-M", "single", "-s", join(folder, "smb.conf"), "--debug-stdout"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await until("Samba listens", () => {
      if (samba.exitCode !== null) throw new Error(`Samba ended with ${samba.exitCode}`);
      return canConnect(address, 636);
    });
    const controller = new DomainController(
      folder,
      samba,
      await Relay.open(address, 636),
      await Relay.open(address, 636),
      certificate,
    );
    await controller.populate();
    return controller;
  }

  async stop(): Promise<void> {
    await Promise.all([this.relay.close(), this.side.close()]);
    const ended = new Promise<void>((resolve) => this.samba.once("exit", () => resolve()));
    // It ends when its standard input does.
    this.samba.stdin!.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  access(over: Partial<DirectoryAccess> = {}): DirectoryAccess {
    return {
      urls: [this.relay.url],
      searchBase: domainRoot,
      serviceAccountDn: service.login,
      serviceAccountPassword: service.password,
      tlsCa: this.certificate,
      connectionTimeout: 10,
      answerTimeout: 30,
      ...over,
    };
  }

  /** As its administrator, or somebody else. */
  async as<T>(work: (client: Client) => Promise<T>, login = "Administrator@headroom.test", password = adminPassword) {
    const client = new Client({ url: this.side.url, tlsOptions: { ca: this.certificate } });
    try {
      await client.bind(login, password);
      return await work(client);
    } finally {
      await client.unbind();
    }
  }

  /** Names of the computers in the OU. */
  async computers(ou = computerOu): Promise<string[]> {
    const { searchEntries } = await this.as((client) =>
      client.search(ou, { filter: "(objectClass=computer)", attributes: ["cn"] }),
    );
    return searchEntries.map(({ cn }) => String(cn)).sort();
  }

  /** Removes what a test has left in the OU. */
  async empty(): Promise<void> {
    const names = await this.computers();
    await this.as(async (client) => {
      for (const name of names) await client.del(`CN=${name},${computerOu}`, new Control("1.2.840.113556.1.4.805"));
    });
  }

  /** Resolves when the record is there and the answer to its making is held. The relay must hold answers. */
  async untilMade(nodeId: string): Promise<void> {
    await until(`the record of ${nodeId}`, async () => {
      // An answer that was there before the directory was looked at is of something that came before.
      const { heldCount } = this.relay;
      if ((await this.computers()).includes(nodeId)) return true;
      this.relay.pass(heldCount);
      return false;
    });
  }

  private async populate(): Promise<void> {
    await this.as(async (client) => {
      for (const dn of [computerOu, closedOu]) await client.add(dn, { objectClass: "organizationalUnit" });
      for (const name of ["headroom", "stranger"]) {
        await client.add(`CN=${name},CN=Users,${domainRoot}`, [
          new Attribute({ type: "objectClass", values: ["user"] }),
          new Attribute({ type: "sAMAccountName", values: [name] }),
          new Attribute({ type: "userPrincipalName", values: [`${name}@headroom.test`] }),
          new Attribute({ type: "userAccountControl", values: ["512"] }),
          new Attribute({ type: "unicodePwd", values: [Buffer.from(`"${service.password}"`, "utf16le")] }),
        ]);
      }
    });
    const sddl = rights
      .map(([flags, what, object, inherited]) => `(OA;${flags};${what};${object};${inherited};%)`)
      .join("");
    this.grant(computerOu, "headroom", sddl);
  }

  /** @param sddl With % for whom it is. */
  private grant(dn: string, user: string, sddl: string): void {
    const samba = ["-s", join(this.folder, "smb.conf")];
    const { stdout } = spawnSync("samba-tool", ["user", "show", user, "--attributes=objectSid", ...samba], {
      encoding: "utf8",
    });
    const sid = /objectSid: (\S+)/.exec(stdout)?.[1];
    if (sid === undefined) throw new Error(`Samba tells no SID of ${user}: ${stdout}`);
    run("samba-tool", [
      "dsacl",
      "set",
      `--objectdn=${dn}`,
      `--sddl=${sddl.replaceAll("%", sid)}`,
      "--action=allow",
      ...samba,
    ]);
  }
}

/** Answers the certificate of the controller, in PEM. */
function provision(folder: string, address: string): string {
  for (const name of ["tls", "log", "run", "lock", "cache"]) mkdirSync(join(folder, name));
  const base = [
    "[global]",
    "netbios name = DC1",
    "workgroup = HEADROOM",
    "realm = HEADROOM.TEST",
    "server role = active directory domain controller",
  ];
  writeFileSync(join(folder, "base.conf"), `${base.join("\n")}\n`);
  run("samba-tool", [
    ...["domain", "provision", `--configfile=${join(folder, "base.conf")}`, `--targetdir=${folder}`],
    ...["--realm=HEADROOM.TEST", "--domain=HEADROOM", "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1"],
    ...["--host-ip=127.0.0.1", `--adminpass=${adminPassword}`, "--use-rfc2307"],
    ...["--option=interfaces=127.0.0.1", "--option=bind interfaces only=yes"],
  ]);
  const { key, cert } = newSelfSigned();
  writeFileSync(join(folder, "tls", "key.pem"), key, { mode: 0o600 });
  writeFileSync(join(folder, "tls", "cert.pem"), cert);
  const below = (name: string) => join(folder, name);
  const settings = [
    ...[
      "server services = ldap",
      "dcerpc endpoint servers =",
      `interfaces = ${address}/8`,
      "bind interfaces only = yes",
    ],
    ...[`private directory = ${below("private")}`, `state directory = ${below("state")}`],
    ...[`cache directory = ${below("cache")}`, `lock directory = ${below("lock")}`, `pid directory = ${below("run")}`],
    ...[`ncalrpc dir = ${below("run")}`, `binddns dir = ${below("bind-dns")}`],
    ...[`winbindd socket directory = ${below("run")}`, `ntp signd socket directory = ${below("run")}`],
    ...[`log file = ${below("log/samba.log")}`, "logging = file"],
    ...[
      "tls enabled = yes",
      `tls keyfile = ${below("tls/key.pem")}`,
      `tls certfile = ${below("tls/cert.pem")}`,
      "tls cafile =",
    ],
    ...["[sysvol]", `path = ${below("state/sysvol")}`, "[netlogon]", `path = ${below("state/sysvol")}`],
  ];
  writeFileSync(join(folder, "smb.conf"), `${[...base, ...settings].join("\n")}\n`);
  return cert;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}: ${stderr}${stdout}`);
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true));
    socket.on("connect", () => socket.destroy()).on("error", () => resolve(false));
  });
}

/** Carries connections to another address, as long as it is not told to hold them. */
export class Relay {
  private readonly sockets = new Set<Socket>();
  private isHolding = false;
  private readonly held: (() => void)[] = [];
  /** Connections that were opened. */
  count = 0;

  private constructor(private readonly server: Server) {}

  static async open(host: string, port: number): Promise<Relay> {
    const server = createServer({ pauseOnConnect: true });
    const relay = new Relay(server);
    server.on("connection", (socket) => relay.carry(socket, connect(port, host)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get url(): string {
    return `ldaps://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on no answer comes through. */
  holdAnswers(): void {
    this.isHolding = true;
  }

  get heldCount(): number {
    return this.held.length;
  }

  /** Lets the first answers through that are held. */
  pass(count: number): void {
    for (const write of this.held.splice(0, count)) write();
  }

  release(): void {
    this.isHolding = false;
    this.pass(this.held.length);
  }

  /** Ends every connection; what was held is lost. */
  cut(): void {
    this.held.length = 0;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private carry(client: Socket, upstream: Socket): void {
    this.count += 1;
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      // The other side is told by the end of its own connection.
      socket.on("error", () => socket.destroy());
    }
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => (this.isHolding ? this.held.push(() => client.write(data)) : client.write(data)));
    client.resume();
  }
}
