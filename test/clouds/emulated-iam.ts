/** Whose credentials these are and whether AWS still takes them, with the refusals that the provider plugin prints. */
import type { Properties } from "../../provider/resource-kernel";
import type { CloudAction, EmulatedAccess, NoticedAt } from "./emulation";

/** Who asks, as AWS knows it. */
export interface Caller {
  /** Number of the account. */
  readonly owner: string;
  readonly arn: string;
  readonly region: string;
  /** The key that came with the request; "" for the machine's own chain. */
  readonly key: string;
}

export const homeAccount = "123456789012";

const actions: Readonly<Record<CloudAction, string>> = {
  "list VMs": "ec2:DescribeInstances",
  "create a VM": "ec2:RunInstances",
  "delete a VM": "ec2:TerminateInstances",
  "look up a domain": "route53:ListHostedZones",
};

export class EmulatedIam implements EmulatedAccess {
  readonly home = homeAccount;
  readonly other = "999999999999";
  /** Account of each key; others belong to {@link homeAccount}. */
  readonly owners = new Map<string, string>();
  /** Key that a profile of the machine's shared files stands for at the moment. */
  readonly profiles = new Map<string, string>();
  /** Keys that may not do these actions, e.g. `ec2:DescribeImages`. */
  readonly denied = new Map<string, readonly string[]>();
  /** False: the plugin skips the validation, and the first request is refused instead. */
  validatesAtConfigure = true;
  private readonly refused = new Map<string, string>();
  private readonly tokens = new Map<string, string>();

  noticeAt(when: NoticedAt): void {
    this.validatesAtConfigure = when === "start";
  }

  giveTo(key: string, owner: string): void {
    this.owners.set(key, owner);
  }

  deny(key: string, action: CloudAction): void {
    this.denied.set(key, [...(this.denied.get(key) ?? []), actions[action]]);
  }

  /** Every key is good again and may do everything. */
  forgive(): void {
    this.denied.clear();
    this.refused.clear();
    this.tokens.clear();
    this.owners.clear();
    this.validatesAtConfigure = true;
  }

  revoke(key: string): void {
    this.refused.set(key, "InvalidClientTokenId: The security token included in the request is invalid.");
  }

  expire(key: string): void {
    this.refused.set(key, "ExpiredToken: The security token included in the request is expired");
  }

  /** The key is good again, without any session token. */
  accept(key: string): void {
    this.refused.delete(key);
    this.tokens.delete(key);
  }

  /** From now on the key is good with this session token only. */
  renew(key: string, token: string): void {
    this.refused.delete(key);
    this.tokens.set(key, token);
  }

  /** What the plugin does before the first request. */
  admit(configuration: Properties): void {
    const refusal = this.refusalOf(configuration);
    const allowed = listOf(configuration["allowedAccountIds"]);
    if (refusal !== undefined && (this.validatesAtConfigure || allowed.length > 0)) {
      throw new Error(
        `unable to validate AWS credentials. Details: validating provider credentials: retrieving caller identity from STS: operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 0, api error ${refusal}`,
      );
    }
    const { owner } = this.callerOf(configuration);
    if (allowed.length > 0 && !allowed.includes(owner)) throw new Error(`AWS account ID not allowed: ${owner}`);
  }

  /** STS tells everybody who they are; no policy forbids that. */
  identify(configuration: Properties): Caller {
    const refusal = this.refusalOf(configuration);
    if (refusal !== undefined) {
      throw new Error(
        `operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 0, api error ${refusal}`,
      );
    }
    return this.callerOf(configuration);
  }

  /** Throws the refusal of one request. */
  authorise(action: string, configuration: Properties): Caller {
    const [service = "", operation = ""] = action.split(":");
    const operationError = `operation error ${service.toUpperCase()}: ${operation}, https response error`;
    if (this.refusalOf(configuration) !== undefined) {
      throw new Error(
        `${operationError} StatusCode: 401, RequestID: 0, api error AuthFailure: AWS was not able to validate the provided access credentials`,
      );
    }
    const caller = this.callerOf(configuration);
    if (this.denied.get(caller.key)?.includes(action)) {
      const code = service === "ec2" ? "UnauthorizedOperation" : "AccessDenied";
      throw new Error(
        `${operationError} StatusCode: 403, RequestID: 0, api error ${code}: User: ${caller.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
      );
    }
    return caller;
  }

  private callerOf(configuration: Properties): Caller {
    const key = this.keyOf(configuration);
    const role = (recordsOf(configuration["assumeRoles"])[0]?.["roleArn"] ?? "") as string;
    const owner = role === "" ? (this.owners.get(key) ?? homeAccount) : role.split(":")[4]!;
    const name = role === "" ? "user/headroom" : `assumed-role/${role.slice(role.lastIndexOf("/") + 1)}/session`;
    const arn = `arn:aws:${role === "" ? "iam" : "sts"}::${owner}:${name}`;
    return { owner, arn, key, region: String(configuration["region"] ?? "us-east-1") };
  }

  private refusalOf(configuration: Properties): string | undefined {
    const key = this.keyOf(configuration);
    const token = this.tokens.get(key);
    if (token !== undefined && configuration["token"] !== token) {
      return "ExpiredToken: The security token included in the request is expired";
    }
    return this.refused.get(key);
  }

  private keyOf({ accessKey, profile }: Properties): string {
    return String(accessKey ?? this.profiles.get(String(profile)) ?? "");
  }
}

/** A provider's configuration holds lists as JSON. */
function listOf(value: unknown): string[] {
  return value === undefined ? [] : typeof value === "string" ? (JSON.parse(value) as string[]) : (value as string[]);
}

function recordsOf(value: unknown): Record<string, unknown>[] {
  return listOf(value) as unknown as Record<string, unknown>[];
}
