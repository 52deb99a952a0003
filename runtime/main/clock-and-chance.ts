/** The real clock and the real source of chance. */
import { randomBytes, randomInt } from "node:crypto";
import type { Clock, Rng } from "../model/clock";

/** Node's timers overflow beyond this and would fire at once. */
const timerMsMax = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), timerMsMax);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : run()), stepMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

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
