/** The real source of chance. */
import { randomBytes, randomInt } from "node:crypto";
import type { Rng } from "../model/clock";

const idCharacters = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Largest multiple of 36 in a byte: bytes above it would favour the first characters. */
const fairByteMax = 252;

/** Random bytes fetched at a time: a call into the system costs more than the bytes. */
const poolBytes = 4096;

export function createRng(): Rng {
  let pool = new Uint8Array(0);
  let used = 0;
  const nextByte = (): number => {
    if (used === pool.length) {
      pool = randomBytes(poolBytes);
      used = 0;
    }
    used += 1;
    return pool[used - 1]!;
  };
  return {
    below: (limit) => randomInt(limit),
    id(length) {
      let text = "";
      while (text.length < length) {
        const byte = nextByte();
        if (byte < fairByteMax) text += idCharacters[byte % 36]!;
      }
      return text;
    },
  };
}
