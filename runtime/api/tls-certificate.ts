/**
 * The certificate of the API: a pair of files, and whoever renews them need not restart the runtime. A pair that can't be
 * used is told and left alone: the one before goes on.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import type { Clock, EpochMs } from "../model/clock";
import { messageOf, SetupError } from "../model/errors";

/** Both in PEM. */
export interface TlsFiles {
  /** The certificate, followed by those that lead to its root. */
  readonly certFile: string;
  /** Its private key, without a passphrase. */
  readonly keyFile: string;
}

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Older versions of TLS are broken. */
export const tlsVersionMin = "TLSv1.2";

/** Files are read and compared this often: links that are swapped, as by Kubernetes and certbot, tell nobody. */
const lookEveryMs = 2_000;

/** A certificate that ends within this time is told of. */
const soonMs = 7 * 86_400_000;

export interface TlsCertificateOptions {
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Default 2,000. */
  readonly lookEveryMs?: number;
}

export class TlsCertificate {
  /** What was refused at the last look; told at the second, because two files are never written at once. */
  private refused: { readonly pair: TlsPair | undefined; readonly message: string; isTold: boolean } | undefined;
  private warned = "";

  private constructor(
    private readonly files: TlsFiles,
    private readonly options: TlsCertificateOptions,
    private current: TlsPair,
  ) {}

  /** Rejects with a {@link SetupError} when the pair can't be used. A certificate out of its time is only told of. */
  static async load(files: TlsFiles, options: TlsCertificateOptions): Promise<TlsCertificate> {
    const pair = await readPair(files);
    assertUsable(pair, files);
    const certificate = new TlsCertificate(files, options, pair);
    certificate.warn();
    return certificate;
  }

  get pair(): TlsPair {
    return this.current;
  }

  /** Calls `take` when {@link pair} is a new one; returns what ends that. */
  watch(take: () => void): () => void {
    const { clock, lookEveryMs: everyMs = lookEveryMs } = this.options;
    let isWatching = true;
    let cancel = (): void => undefined;
    const schedule = (): void => {
      if (!isWatching) return;
      cancel = clock.after(everyMs, () => void this.look(take).then(schedule));
    };
    schedule();
    return () => {
      isWatching = false;
      cancel();
    };
  }

  private async look(take: () => void): Promise<void> {
    let pair: TlsPair | undefined;
    try {
      pair = await readPair(this.files);
      if (isSame(pair, this.current)) {
        this.refused = undefined;
      } else {
        assertUsable(pair, this.files);
        this.current = pair;
        take();
        this.refused = undefined;
        this.options.log.info({ ...this.files }, "the certificate was renewed");
      }
      this.warn();
    } catch (error) {
      this.refuse(pair, messageOf(error));
    }
  }

  private refuse(pair: TlsPair | undefined, message: string): void {
    const before = this.refused;
    const isKnown = before?.message === message && (pair === before.pair || isSame(pair, before.pair));
    if (!isKnown || !before) this.refused = { pair, message, isTold: false };
    else if (!before.isTold) {
      before.isTold = true;
      this.options.log.error({ reason: message }, "the new certificate can't be used; the one before goes on");
    }
  }

  private warn(): void {
    const warning = findWarning(this.current, this.files, this.options.clock.now());
    if (warning !== this.warned && warning !== "") this.options.log.warn(warning);
    this.warned = warning;
  }
}

async function readPair({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
  return { cert, key };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new SetupError(`${file} can't be read (${messageOf(cause)}); name a file in PEM that this user may read`, {
      cause,
    });
  }
}

/** Throws a {@link SetupError} that says which file is wrong, and never what is in it. */
function assertUsable(pair: TlsPair, { certFile, keyFile }: TlsFiles): void {
  const certificate = readCertificate(pair.cert, certFile);
  if (!certificate.checkPrivateKey(readKey(pair.key, keyFile))) {
    throw new SetupError(`the key in ${keyFile} is not that of the certificate in ${certFile}; name a pair`);
  }
  try {
    createSecureContext({ ...pair, minVersion: tlsVersionMin });
  } catch (cause) {
    throw new SetupError(`the certificate in ${certFile} can't be used: ${messageOf(cause)}`, { cause });
  }
}

function readCertificate(cert: string, file: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (cause) {
    throw new SetupError(`${file} holds no certificate; give one in PEM, followed by those that lead to its root`, {
      cause,
    });
  }
}

function readKey(key: string, file: string): KeyObject {
  if (/ENCRYPTED/.test(key)) throw new SetupError(`the key in ${file} is encrypted; give one without a passphrase`);
  try {
    return createPrivateKey(key);
  } catch (cause) {
    throw new SetupError(`${file} holds no private key; give one in PEM, without a passphrase`, { cause });
  }
}

/** Empty = nothing to tell. */
function findWarning({ cert }: TlsPair, { certFile }: TlsFiles, nowMs: EpochMs): string {
  const { validFrom, validTo } = new X509Certificate(cert);
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
  const what = `the certificate in ${certFile}`;
  if (toMs <= nowMs) return `${what} ended at ${new Date(toMs).toISOString()}: clients refuse it; renew it`;
  if (fromMs > nowMs) return `${what} begins at ${new Date(fromMs).toISOString()}: clients refuse it until then`;
  return toMs - nowMs < soonMs ? `${what} ends at ${new Date(toMs).toISOString()}; renew it` : "";
}

function isSame(a: TlsPair | undefined, b: TlsPair | undefined): boolean {
  return a?.cert === b?.cert && a?.key === b?.key;
}
