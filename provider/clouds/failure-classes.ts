/** Failure classes by the codes in a cloud's error text. */
import type { CloudFailureClass } from "../../runtime/model/errors";

const order: readonly CloudFailureClass[] = ["CAPACITY", "QUOTA", "CONFIG", "TRANSIENT"];

/**
 * A function that finds the class of a message: the first class one of whose codes stands in it as a word of its own,
 * whatever the case. A code that ends in `*` matches every code that begins so.
 */
export function classifyByCode(codes: Readonly<Record<CloudFailureClass, readonly string[]>>) {
  const patterns = order.map((failureClass) => {
    const words = codes[failureClass].map((code) => code.replaceAll(".", "\\.").replace("*", "[A-Za-z.]*"));
    return { failureClass, pattern: new RegExp(`(?<![A-Za-z.])(?:${words.join("|")})(?![A-Za-z])`, "i") };
  });
  return (message: string): CloudFailureClass | undefined =>
    patterns.find(({ pattern }) => pattern.test(message))?.failureClass;
}
