/**
 * The kept connections of a replica to the one that leads. By https it takes whoever shows a certificate of the leader's
 * name that is signed by somebody it knows, or the very certificate that it serves with itself: replicas that share one
 * need nothing else.
 */
import { X509Certificate } from "node:crypto";
import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { checkServerIdentity, rootCertificates, type PeerCertificate } from "node:tls";
import { tlsVersionMin, type TlsCertificate } from "./tls-certificate";

/** Idle connections that are kept; more come and go as they are needed. */
const idleMax = 256;

/** An idle connection is given up before the leader does it, which would cost the request that is just sent. */
const idleMs = 30_000;

const kept = { keepAlive: true, maxFreeSockets: idleMax, timeout: idleMs, scheduling: "lifo" } as const;

export interface PeerTrust {
  /** What this replica serves with itself. */
  readonly certificate?: TlsCertificate;
  /** Who else may have signed the leader's, in PEM. */
  readonly ca?: string;
}

export class PeerAgents {
  readonly plain = new PlainAgent(kept);
  private secured: { readonly agent: TlsAgent; readonly cert: string | undefined } | undefined;

  constructor(private readonly trust: PeerTrust = {}) {}

  /** Made anew when the certificate of this replica is renewed. */
  get tls(): TlsAgent {
    const { certificate, ca } = this.trust;
    const cert = certificate?.pair.cert;
    if (this.secured?.cert === cert && this.secured) return this.secured.agent;
    const own = cert === undefined ? undefined : new X509Certificate(cert).raw;
    const agent = new TlsAgent({
      ...kept,
      minVersion: tlsVersionMin,
      ca: [...rootCertificates, ...(ca === undefined ? [] : [ca]), ...(cert === undefined ? [] : [cert])],
      allowPartialTrustChain: true,
      checkServerIdentity: (host: string, peer: PeerCertificate) =>
        own !== undefined && own.equals(peer.raw) ? undefined : checkServerIdentity(host, peer),
    });
    this.secured?.agent.destroy();
    this.secured = { agent, cert };
    return agent;
  }

  close(): void {
    this.plain.destroy();
    this.secured?.agent.destroy();
  }
}
