/** What DigitalOcean's refusals mean, by status and sentence as its plugin prints them. */
import type { FindingKind } from "../../../runtime/model/account-check";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";
import { networkTroubles, type FailureCodes } from "../../frame/failures";
import type { VmProvider } from "../../vm-provider";
import { otherTeam } from "./account";

/** @example `POST https://api.digitalocean.com/v2/droplets: 422 (request "ab12") Size is not available in this region.` */
const answer = /\b[A-Z]+ https?:\/\/[^\s"]+: (\d{3})(?: \(request "[^"]*"\))? ?([^\n]*)/;

/** The API has one code, 422, for all that it does not like in a request; which it was, only the sentence says. */
const refused = (sentence: string): RegExp => new RegExp(`: 422 (?:\\(request "[^"\\n]*"\\) )?(?:${sentence})`, "i");

export const failures: FailureCodes = {
  place: /\b[A-Z]+ https?:\/\/[^\s"]+: (\d{3})\b/,
  codes: {
    CAPACITY: [],
    QUOTA: [],
    CONFIG: ["400", "401", "402", "403", "405", "406", "410", "411", "412", "413", "414", "415", "431"],
    TRANSIENT: ["408", "409", "423", "425", "429", "5*"],
  },
  sentences: {
    CAPACITY: [
      refused("size is not available in this region"),
      refused("(?:this )?size is (?:currently )?unavailable"),
      refused("region is not available"),
      refused("[a-z]{2,6}\\d{1,2} is unavailable"),
    ],
    QUOTA: [refused("[^\\n]*will exceed your [\\w ]*limit"), refused("this size is currently restricted")],
    TRANSIENT: [
      ...networkTroubles,
      refused("droplet already has a pending event"),
      /\bno answer from DigitalOcean to /,
      // The default VPC of a region is made with the team's first Droplet there.
      /: 404 (?:\(request "[^"\n]*"\) )?subnet status is not available/i,
      // The Droplet was made, and some seconds later the API does not know it yet.
      /\bError waiting for droplet \(\d+\) to become ready: /,
    ],
    CONFIG: [
      /\bDigitalOceanFirewall: /,
      refused(""),
      // A token with a line break or a blank in it never leaves this machine.
      /\bnet\/http: invalid header field value for "Authorization"/,
      /\bError creating droplet: [A-Z]+ https?:\/\/[^\s"]+: 404\b/,
    ],
  },
};

const accountRefusals: readonly AccountRefusal[] = [
  {
    pattern: new RegExp(otherTeam),
    field: () => "token",
    meaning: () => "Droplets of this VM provider config would not be found with it; use a token of their team",
  },
  {
    pattern: /\b[A-Z]+ https?:\/\/[^\s"]+: 401\b/,
    field: () => "token",
    meaning: () => "the token was deleted or has expired; make a new one and declare it",
  },
];

export const words: RefusalWords = {
  kindOf(message): FindingKind {
    const status = answer.exec(message)?.[1];
    if (status === "401" || status === "403") return "unchecked";
    if (status === "404" || status === "422") return "wrong";
    return status === undefined && missing.test(message) ? "wrong" : "passing";
  },
  saidIn(message) {
    const [, status, sentence = ""] = answer.exec(message) ?? [];
    const said = (status === undefined ? lastPart(message) : sentence).trim().replace(/\.$/, "");
    const shown = said.length > saidMax ? `${said.slice(0, saidMax)}...` : said;
    if (status === undefined) return `DigitalOcean's plugin says "${shown}"`;
    return shown === "" ? `DigitalOcean says ${status}` : `DigitalOcean says ${status} ("${shown}")`;
  },
};

/** The plugin's own words for what it did not find in a list. */
const missing = /\b(?:no|too many) ssh keys? found with name |\bRegion does not exist: /i;

const saidMax = 200;

/** Without what the engine and the plugin put before it. */
function lastPart(message: string): string {
  const parts = message.split(/returned an error:|error occurred:\s*\*?/);
  return (parts.at(-1) ?? message).replace(/\s+/g, " ").replace(/^[\s*]+/, "");
}

export const accountRefusal: NonNullable<VmProvider<unknown>["accountRefusal"]> = (message, settings) =>
  findAccountRefusal(accountRefusals, words, message, settings);
