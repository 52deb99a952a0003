/** The browser of the dashboard's tests: Debian's Chromium, installed when apt gives it, told what to do by Playwright. */
import { spawnSync } from "node:child_process";
import { chromium, type Browser } from "playwright-core";
import { aptGet } from "../support/apt-get";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** Why there can be none here; undefined = there can. Installs the package where that is allowed. */
export function whyNoChromium(): string | undefined {
  if (findChromium() !== undefined) return undefined;
  if (process.getuid?.() !== 0) return "Chromium is not here, and only root may install it";
  aptGet(["update"]);
  const { stderr, error } = aptGet(["install", "-y", "--no-install-recommends", "chromium"]);
  if (findChromium() !== undefined) return undefined;
  const last = (error?.message ?? stderr ?? "").trim().split("\n").at(-1);
  return `Chromium is not here, and apt does not give it: ${last}`;
}

export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("there is no Chromium; ask whyNoChromium first");
  // As root a sandbox can't be made; what is shown is our own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--disable-dev-shm-usage"] });
}

function findChromium(): string | undefined {
  for (const name of names) {
    const { status, stdout } = spawnSync("which", [name], { encoding: "utf8" });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}
