/** What AWS's refusals mean to whoever declared the account, by the code in the plugin's text. */
import type { AccountFinding } from "../../../runtime/model/account-check";
import type { Settings } from "../../../runtime/model/accounts";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";

const credentials = ({ accessKeyId, profile }: Settings): string =>
  accessKeyId !== undefined ? "accessKeyId" : profile !== undefined ? "profile" : "credentials";

const whose = (settings: Settings): string => {
  const field = credentials(settings);
  if (field === "profile") return `the keys of profile "${String(settings["profile"])}"`;
  return field === "accessKeyId" ? "this access key" : "the credentials of the runtime's own machine";
};

/** Of the account itself, in order: the first that fits counts. */
const refusals: readonly AccountRefusal[] = [
  {
    pattern: /ExpiredToken|RequestExpired|token .*(has|is) expired/i,
    field: ({ sessionToken }) => (sessionToken === undefined ? "credentials" : "sessionToken"),
    meaning: (settings) => `${whose(settings)} came with a session token that has expired; declare a new one`,
  },
  {
    pattern: /InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClientException|InvalidSecurity\b/i,
    field: credentials,
    meaning: (settings) =>
      `AWS does not know ${whose(settings)}: it was deleted or deactivated, or is of another partition; declare one that is active`,
  },
  {
    pattern: /SignatureDoesNotMatch|IncompleteSignature/i,
    field: ({ accessKeyId }) => (accessKeyId === undefined ? "credentials" : "secretAccessKey"),
    meaning: () => "the secret does not belong to the access key, or the machine's clock is wrong; declare both anew",
  },
  {
    pattern: /AuthFailure/,
    field: credentials,
    meaning: (settings) =>
      `AWS takes ${whose(settings)} for no valid credentials of this region; declare active ones, and see that the region is enabled`,
  },
  {
    pattern: /AccessDenied.*sts:AssumeRole|sts:AssumeRole.*AccessDenied|Cannot assume IAM Role/is,
    field: () => "assumeRoleArn",
    meaning: ({ assumeRoleArn }) =>
      `the role "${String(assumeRoleArn)}" does not let these credentials take it; allow sts:AssumeRole in both the role's trust policy and the user's policy`,
  },
  {
    pattern: /AWS account ID not allowed/i,
    field: credentials,
    meaning: (settings, message) =>
      `${whose(settings)} lead to account ${/not allowed: (\d+)/.exec(message)?.[1] ?? "another one"}, where the nodes of this VM provider config are not; use credentials of their account`,
  },
  {
    pattern: /failed to get shared config profile|shared config profile .* (not|could not)/i,
    field: () => "profile",
    meaning: ({ profile }) =>
      `the runtime's machine has no profile "${String(profile)}" in its shared files; add it there, or name another one`,
  },
  {
    pattern:
      /No valid credential sources|no EC2 IMDS role found|failed to refresh cached credentials|NoCredentialProviders/i,
    field: credentials,
    meaning: (settings) =>
      credentials(settings) === "credentials"
        ? "neither these settings nor the runtime's machine have any credentials; declare accessKeyId and secretAccessKey, a profile, or give the machine a role"
        : `${whose(settings)} give no credentials; declare active ones`,
  },
  {
    pattern: /Invalid AWS Region|no such host/i,
    field: () => "region",
    meaning: ({ region }) => `AWS has no region "${String(region)}" that this machine can find; correct it`,
  },
  {
    pattern: /OptInRequired/,
    field: () => "region",
    meaning: ({ region }) =>
      `the account is not subscribed to EC2 in region "${String(region)}"; enable the region, or use another one`,
  },
  {
    pattern: /PendingVerification|\bBlocked\b/,
    field: credentials,
    meaning: () => "AWS has not verified the account yet, or has blocked it; this is settled with AWS's support",
  },
];

/** What to make of a text in which AWS refused the account itself; undefined = it is about something else. */
export function accountRefusal(message: string, settings: Settings): AccountFinding | undefined {
  return findAccountRefusal(refusals, awsWords, message, settings);
}

export const awsWords: RefusalWords = {
  kindOf(message) {
    if (/UnauthorizedOperation|AccessDenied|UnauthorizedException/.test(message)) return "unchecked";
    return /no matching|returned no results|NotFound|InvalidInstanceType|NoSuchEntity|\.Malformed|InvalidParameterValue/.test(
      message,
    )
      ? "wrong"
      : "passing";
  },
  saidIn,
  /** E.g. `ec2:DescribeImages`. */
  lackingIn: (message) => /not authorized to perform:? ([a-z0-9-]+:\w+)/.exec(message)?.[1],
};

const saidMax = 200;

/** @example `AWS says ExpiredToken ("The security token included in the request is expired")` */
function saidIn(message: string): string {
  const [, code, text = ""] =
    /(?:api error |RequestID: [\w-]*, (?!api error ))([A-Za-z]+(?:\.[A-Za-z]+)*)(?::\s*([^\n*]*))?/.exec(message) ?? [];
  // An encoded message has a kilobyte that nobody can read.
  const words = (code === undefined ? lastSentence(message) : text).split(/\s*Encoded authorization/)[0]!.trim();
  const shown = words.length > saidMax ? `${words.slice(0, saidMax)}...` : words;
  const quoted = `"${shown.replace(/\.$/, "")}"`;
  if (code === undefined) return `AWS says ${quoted}`;
  return shown === "" ? `AWS says ${code}` : `AWS says ${code} (${quoted})`;
}

/** Without what the engine and the plugin put before it. */
function lastSentence(message: string): string {
  const parts = message.split(/returned an error:|error occurred:\s*\*?|Details:/);
  return (parts.at(-1) ?? message).replace(/\s+/g, " ").replace(/^[\s*]+/, "");
}
