/**
 * A connection to one domain controller, signed in. The controllers of a directory are tried in their order; who does not
 * answer costs the time that the LDAP config allows, once for each process: the one that answered last is tried first.
 */
import { Client } from "ldapts";
import { messageOf } from "../../runtime/model/errors";
import type { DirectoryAccess } from "./access";
import { directoryFailure, failureOf, ldapCodeOf, subCodeOf } from "./failures";
import type { LoginRefusals } from "./login-refusals";
import { Turns } from "./turns";

export interface Session {
  readonly client: Client;
  /** Its URL. */
  readonly controller: string;
  /** Of all that share it. */
  readonly turns: Turns;
}

interface Opening {
  readonly opened: Promise<Session>;
  /** As soon as it is there. */
  session?: Session;
}

export interface SessionsOptions {
  readonly refusals: LoginRefusals;
  readonly now: () => number;
}

/** Requests on one connection. */
const requestsAtOnce = 8;

/** One session for each controller and login, shared by all that this process does there at once. */
export class Sessions {
  private readonly open = new Map<string, Opening>();
  private readonly answeredLast = new Map<string, string>();

  constructor(private readonly options: SessionsOptions) {}

  /**
   * @param pinned The controller that must be asked, where another one may not know yet what that one does; absent = any.
   */
  async get(access: DirectoryAccess, pinned?: string): Promise<Session> {
    const key = JSON.stringify([access, pinned]);
    const known = this.open.get(key);
    if (known !== undefined) return known.opened;
    const opening: Opening = { opened: this.enter(access, pinned) };
    this.open.set(key, opening);
    try {
      return (opening.session = await opening.opened);
    } catch (error) {
      // Whoever waits for it is told the same; the next one tries anew.
      this.open.delete(key);
      throw error;
    }
  }

  /** What was lost on it is asked again on a new one. */
  drop(session: Session): void {
    for (const [key, opening] of this.open) if (opening.session === session) this.open.delete(key);
    void close(session.client);
  }

  async close(): Promise<void> {
    const opened = [...this.open.values()].map((opening) => opening.opened);
    this.open.clear();
    const sessions = (await Promise.allSettled(opened)).flatMap((each) =>
      each.status === "fulfilled" ? each.value : [],
    );
    await Promise.all(sessions.map(({ client }) => close(client)));
  }

  private async enter(access: DirectoryAccess, pinned: string | undefined): Promise<Session> {
    const { refusals, now } = this.options;
    refusals.requireRested(access, now());
    const troubles: { readonly text: string; readonly isCertificate: boolean }[] = [];
    for (const controller of this.inOrder(access, pinned)) {
      const client = clientOf(access, controller);
      try {
        await client.bind(access.serviceAccountDn, access.serviceAccountPassword);
      } catch (error) {
        await close(client);
        this.noteRefusal(error, access);
        // The others would say the same, and count it.
        if (isFinal(ldapCodeOf(error))) {
          throw failureOf(error, { operation: "bind", subject: access.serviceAccountDn, controller });
        }
        troubles.push({ text: `${controller}: ${messageOf(error)}`, isCertificate: isOfCertificate(error) });
        continue;
      }
      refusals.forget(access);
      this.answeredLast.set(JSON.stringify(access.urls), controller);
      return { client, controller, turns: new Turns(requestsAtOnce) };
    }
    const code = troubles.every(({ isCertificate }) => isCertificate) ? "AdCertificate" : "AdUnreachable";
    const what =
      code === "AdCertificate"
        ? "no domain controller has a certificate that is trusted (tlsCa)"
        : "no domain controller answers";
    throw directoryFailure(code, `${what}: ${troubles.map(({ text }) => text).join("; ")}`);
  }

  private inOrder({ urls }: DirectoryAccess, pinned: string | undefined): readonly string[] {
    if (pinned !== undefined) return [pinned];
    const last = this.answeredLast.get(JSON.stringify(urls));
    return last === undefined ? urls : [last, ...urls.filter((url) => url !== last)];
  }

  private noteRefusal(error: unknown, access: DirectoryAccess): void {
    if (ldapCodeOf(error) !== 49) return;
    const subCode = subCodeOf(messageOf(error));
    if (subCode === "775" || subCode === "52e" || subCode === undefined) {
      this.options.refusals.note(access, subCode === "775", this.options.now());
    }
  }
}

function clientOf({ connectionTimeout, answerTimeout, tlsCa }: DirectoryAccess, url: string): Client {
  return new Client({
    url,
    connectTimeout: connectionTimeout * 1000,
    timeout: answerTimeout * 1000,
    tlsOptions: { minVersion: "TLSv1.2", ...(tlsCa === undefined ? {} : { ca: tlsCa }) },
  });
}

/** An answer that another controller would give too. A controller that is busy, or about to stop, is no such one. */
function isFinal(code: number | undefined): boolean {
  return code !== undefined && ![1, 3, 11, 51, 52].includes(code);
}

function isOfCertificate(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)_|ALTNAME/.test(code);
}

/** Nobody is told any more what comes of it: it is at its end either way. */
async function close(client: Client): Promise<void> {
  await client.unbind().catch(() => undefined);
}
