/** A digest for telling things apart in which nobody has an interest to hide a change; works where there is no crypto. */

/** 64 bits as hex. */
export function shortDigest(text: string): string {
  let [low, high] = [2_166_136_261, 40_389];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 16_777_619);
    high = Math.imul(high ^ code, 2_246_822_519) ^ (high >>> 13);
  }
  return [low, high].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
