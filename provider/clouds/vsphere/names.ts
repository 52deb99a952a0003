/** Names that a guest has. */
import { createHash } from "node:crypto";

const netBiosMax = 15;

/**
 * Name of a Windows guest: that of its node where NetBIOS takes it, which has at most 15 letters, digits and dashes, not only
 * digits and no dash at an end; else its beginning and a digest of the whole, so that no two nodes get the same.
 */
export function windowsName(nodeId: string): string {
  if (nodeId.length <= netBiosMax && /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/.test(nodeId) && /[^0-9]/.test(nodeId))
    return nodeId;
  const digest = createHash("sha256").update(nodeId).digest("hex").slice(0, 8);
  const start = nodeId
    .replace(/[^A-Za-z0-9-]/g, "")
    .slice(0, netBiosMax - digest.length - 1)
    .replace(/-+$/, "");
  return `${/^[A-Za-z]/.test(start) ? start : "n"}-${digest}`;
}
