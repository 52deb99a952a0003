/**
 * What a replica tells the leader of a request that it forwards: who asked. It is signed with the installation's secret
 * and bound to method and target, so that nobody else can claim to be asking for another address.
 *
 *   x-headroom-forwarded: 1 <claim: base64url of JSON> <signature: base64url of HMAC-SHA256>
 *
 * Replicas of two versions stand side by side during an upgrade: a reader passes over fields of the claim that it does not
 * know, and the number in front grows only when an older reader would misread what follows.
 */
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import type { Clock } from "../model/clock";
import { RequestError } from "./error-answers";
import { deriveKey } from "./server-secret";
import type { Client } from "./trusted-proxies";

export const forwardedHeader = "x-headroom-forwarded";

/** On the answer of a replica that did nothing with a forwarded request, because it does not lead. */
export const notLeadingHeader = "x-headroom-not-leading";

const protocol = "1";

/** A claim is made right before it is sent, and replicas' clocks differ by some seconds at most. */
const claimLifeMs = 60_000;

const claimSchema = z.looseObject({
  /** IP address of the caller. */
  address: z.string().refine((text) => isIP(text) !== 0),
  /** Whether the caller came by https. */
  isHttps: z.boolean(),
  atMs: z.number(),
});

/** The parts of a request that its claim is bound to. */
export interface ForwardedRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly target: string;
}

export class ForwardedCalls {
  private readonly key: KeyObject;

  /** @param secret The same on all replicas of the installation. */
  constructor(
    secret: Uint8Array,
    private readonly clock: Clock,
  ) {
    this.key = createSecretKey(deriveKey(secret, "forwarding"));
  }

  /** The value of {@link forwardedHeader} for one attempt. */
  sign(request: ForwardedRequest, { address, isHttps }: Client): string {
    const claim = Buffer.from(JSON.stringify({ address, isHttps, atMs: this.clock.now() })).toString("base64url");
    return `${protocol} ${claim} ${this.signatureOf(claim, request).toString("base64url")}`;
  }

  /** Who asked the replica that forwarded the request. Throws {@link RequestError} where no replica of ours says so. */
  read(header: string, request: ForwardedRequest): Client {
    const [version = "", claim = "", signature = "", ...more] = header.split(" ");
    if (/^\d{1,9}$/.test(version) && version !== protocol) {
      const message = `a replica forwards by protocol ${version}, and this one knows ${protocol}; upgrade the older of the two`;
      throw new RequestError(503, "unavailable", message);
    }
    const given = Buffer.from(signature, "base64url");
    const right = this.signatureOf(claim, request);
    const isSigned = version === protocol && more.length === 0 && given.length === right.length;
    if (!isSigned || !timingSafeEqual(given, right)) throw foreign();
    const { address, isHttps, atMs } = claimSchema.parse(JSON.parse(Buffer.from(claim, "base64url").toString()));
    if (Math.abs(this.clock.now() - atMs) > claimLifeMs) throw foreign();
    return { address, isHttps };
  }

  private signatureOf(claim: string, { method, target }: ForwardedRequest): Buffer {
    return createHmac("sha256", this.key).update(`${protocol}\n${claim}\n${method}\n${target}`).digest();
  }
}

function foreign(): RequestError {
  const message = `the header ${forwardedHeader} is for replicas of this installation, signed and fresh; leave it out`;
  return new RequestError(403, "forbidden", message);
}
