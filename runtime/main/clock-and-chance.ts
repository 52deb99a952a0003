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

export const realRng: Rng = {
  below: (limit) => randomInt(limit),
  id(length) {
    let text = "";
    while (text.length < length) {
      for (const byte of randomBytes(length * 2)) {
        if (byte < fairByteMax && text.length < length) text += idCharacters[byte % 36];
      }
    }
    return text;
  },
};
