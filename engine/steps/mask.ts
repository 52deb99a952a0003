/**
 * Hides the stack's secret configuration values in everything that is told or printed.
 * The rule kept: as in official Pulumi, words of less than three characters stay, because hiding them would hide nothing
 * and garble everything.
 */
export type Mask = (text: string) => string;

const lengthMin = 3;

export function createMask(secrets: readonly string[]): Mask {
  const words = [...new Set(secrets)].filter((secret) => secret.length >= lengthMin);
  if (words.length === 0) return (text) => text;
  const pattern = new RegExp(words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  return (text) => text.replace(pattern, "[secret]");
}

/** The value with every text inside masked. */
export function maskTexts(value: unknown, mask: Mask): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskTexts(item, mask));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskTexts(item, mask)]));
}
