/** One suite for each emulated cloud of the registry on each engine; an engine that this machine lacks is skipped and counted. */
import type { Context } from "mocha";
import type { AskPermit } from "../../runtime/store/permit";
import { enginesHere } from "../executor/bench";
import { AccountBench } from "./account-bench";
import { emulatedUnderTest, type EmulatedUnderTest } from "./cloud-under-test";
import { emulatedKinds } from "./registered";

export const engineKinds = ["embedded", "official"] as const;

export interface CloudSuite {
  readonly kind: string;
  readonly known: EmulatedUnderTest;
  /** All that is known of the cloud is to be run; else a part that shows that it works there. */
  readonly isWhole: boolean;
  /** Call it in a hook, with the hook's own context. */
  open(context: Context, permit?: AskPermit): Promise<AccountBench>;
}

/**
 * Of long suites that show mostly what the frame does for all clouds alike, these stand for the rest in each run: one found by
 * tags, one by names, one that is asked by our own plugin. With `HEADROOM_CLOUDS=all` they run on every cloud.
 */
const standingForAll: readonly string[] = ["aws", "digitalocean", "proxmox"];

/**
 * @example title "accounts of living nodes" gives "accounts of living nodes: aws, embedded engine"
 * @param clouds `few` for long suites of what is mostly the frame's.
 * @param besides Clouds that run them too, because there it is their own.
 */
export function onEachCloud(
  title: string,
  clouds: "all" | "few",
  define: (suite: CloudSuite) => void,
  besides: readonly string[] = [],
): void {
  for (const kind of emulatedKinds) {
    const isWhole = process.env["HEADROOM_CLOUDS"] === "all" || standingForAll.includes(kind);
    if (!isWhole && clouds === "few" && !besides.includes(kind)) {
      it.skip(`${title}: ${kind} (with HEADROOM_CLOUDS=all)`);
      continue;
    }
    for (const engineKind of engineKinds) {
      describe(`${title}: ${kind}, ${engineKind} engine`, () => {
        const open: CloudSuite["open"] = async (context, permit) => {
          const engine = (await enginesHere()).find((candidate) => candidate.kind === engineKind) ?? context.skip();
          return AccountBench.open(kind, engine, permit);
        };
        const known = describedOrFailing(kind);
        if (known !== undefined) define({ kind, known, isWhole, open });
      });
    }
  }
}

/** A cloud that nobody describes fails here, by its name. */
function describedOrFailing(kind: string): EmulatedUnderTest | undefined {
  try {
    return emulatedUnderTest(kind);
  } catch (error) {
    it(`is described in test/clouds/under-test/${kind}.ts`, () => {
      throw error;
    });
    return undefined;
  }
}
