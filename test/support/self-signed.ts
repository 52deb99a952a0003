/** A certificate for servers of tests on 127.0.0.1 that nobody has signed but its own key. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Both in PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

const dayMs = 86_400_000;

/** Default: valid from a day ago for a month. */
export function newSelfSigned({ fromMs = -dayMs, toMs = 30 * dayMs } = {}): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(objectId([42, 134, 72, 206, 61, 4, 3, 2]));
  const name = sequence(node(0x31, sequence(objectId([85, 4, 3]), node(0x0c, Buffer.from("headroom-test")))));
  // subjectAltName with the address 127.0.0.1.
  const altName = sequence(objectId([85, 29, 17]), node(0x04, sequence(node(0x87, Buffer.from([127, 0, 0, 1])))));
  const nowMs = Date.now();
  const signed = sequence(
    node(0xa0, node(0x02, Buffer.from([2]))),
    node(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(nowMs + fromMs), time(nowMs + toMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    node(0xa3, sequence(altName)),
  );
  const signature = node(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", signed, privateKey)]));
  const der = sequence(signed, ecdsaWithSha256, signature).toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`,
  };
}

/** One value of ASN.1 in its distinguished encoding. */
function node(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return node(0x30, Buffer.concat(parts));
}

function objectId(bytes: readonly number[]): Buffer {
  return node(0x06, Buffer.from(bytes));
}

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\.\d+|[-:T]/g, "");
  return node(0x17, Buffer.from(digits.slice(2)));
}
