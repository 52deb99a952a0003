/** Tags by which our instances are found again, and in which states they exist. */
export const nodeTag = "headroom-node";
export const installationTag = "headroom-installation";
export const instanceStateNames = ["pending", "running", "stopping", "stopped"];
