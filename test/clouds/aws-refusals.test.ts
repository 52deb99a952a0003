/** What AWS's refusals are made into, by the texts that its provider plugin prints. */
import assert from "node:assert/strict";
import { accountRefusal, awsWords } from "../../provider/clouds/aws/refusals";
import type { Settings } from "../../runtime/model/accounts";

const validation =
  "unable to validate AWS credentials. Details: validating provider credentials: retrieving caller identity from STS: operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 6f7d, api error ";
const keys = { region: "us-east-1", accessKeyId: "AKIA0123456789ABCDEF", secretAccessKey: "hush-hush" };
const role = { ...keys, assumeRoleArn: "arn:aws:iam::123456789012:role/headroom" };

/** Name, text of the plugin, settings, field, what the sentence says. */
const account: readonly (readonly [string, string, Settings, string, RegExp])[] = [
  [
    "a key that is gone",
    `${validation}InvalidClientTokenId: The security token included in the request is invalid.`,
    keys,
    "accessKeyId",
    /does not know this access key.*declare one that is active/,
  ],
  [
    "a key of a profile that is gone",
    `${validation}InvalidClientTokenId: The security token is invalid.`,
    { profile: "labs" },
    "profile",
    /keys of profile "labs"/,
  ],
  [
    "the machine's own key that is gone",
    `${validation}InvalidClientTokenId: invalid`,
    {},
    "credentials",
    /runtime's own machine/,
  ],
  [
    "an expired session token",
    `${validation}ExpiredToken: The security token included in the request is expired`,
    { ...keys, sessionToken: "t0k3n" },
    "sessionToken",
    /has expired; declare a new one/,
  ],
  [
    "an expired request of EC2",
    "operation error EC2: DescribeImages, https response error StatusCode: 400, RequestID: 1, api error RequestExpired: Request has expired.",
    keys,
    "credentials",
    /has expired/,
  ],
  [
    "a secret of another key",
    `${validation}SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.`,
    keys,
    "secretAccessKey",
    /does not belong to the access key/,
  ],
  [
    "a failed authentication",
    "operation error EC2: DescribeInstances, https response error StatusCode: 401, RequestID: 1, api error AuthFailure: AWS was not able to validate the provided access credentials",
    keys,
    "accessKeyId",
    /no valid credentials of this region/,
  ],
  [
    "a role that may not be taken",
    "Cannot assume IAM Role. IAM Role (arn:aws:iam::123456789012:role/headroom) cannot be assumed. Error: operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: 1, api error AccessDenied: User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/headroom",
    role,
    "assumeRoleArn",
    /trust policy/,
  ],
  [
    "keys of another account",
    "AWS account ID not allowed: 999999999999",
    keys,
    "accessKeyId",
    /lead to account 999999999999/,
  ],
  [
    "a profile that is not there",
    "failed to get shared config profile, labs",
    { profile: "labs" },
    "profile",
    /no profile "labs"/,
  ],
  [
    "no credentials at all",
    "No valid credential sources found. Please see https://registry for more information. Error: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, request canceled, context deadline exceeded",
    {},
    "credentials",
    /neither these settings nor the runtime's machine/,
  ],
  [
    "a region that is not there",
    "Invalid AWS Region: eu-nowhere-1",
    { region: "eu-nowhere-1" },
    "region",
    /no region "eu-nowhere-1"/,
  ],
  [
    "a region that nothing answers in",
    "dial tcp: lookup sts.xx-nowhere-1.amazonaws.com: no such host",
    { region: "xx-nowhere-1" },
    "region",
    /no region "xx-nowhere-1"/,
  ],
  [
    "a region that is not enabled",
    "api error OptInRequired: You are not subscribed to this service.",
    { region: "me-south-1" },
    "region",
    /enable the region/,
  ],
  [
    "an account that is being verified",
    "api error PendingVerification: Your account is currently being verified.",
    keys,
    "accessKeyId",
    /AWS's support/,
  ],
];

describe("AWS's refusals of an account", () => {
  for (const [name, message, settings, field, says] of account) {
    it(`tell ${name}`, () => {
      const text = `invocation of aws:index/getCallerIdentity:getCallerIdentity returned an error: ${message}`;
      const found = accountRefusal(text, settings);
      assert.deepEqual([found?.kind, found?.field], ["wrong", field]);
      assert.match(found!.text, new RegExp(`^${field}: AWS says `));
      assert.match(found!.text, says);
      for (const secret of ["hush-hush", "AKIA0123456789ABCDEF", "t0k3n"]) assert.ok(!found!.text.includes(secret));
    });
  }

  for (const message of [
    "api error RequestLimitExceeded: Request limit exceeded.",
    "dial tcp 52.94.0.1:443: i/o timeout",
    "no matching EC2 Subnet found",
    "api error UnauthorizedOperation: You are not authorized to perform this operation.",
  ]) {
    it(`are not taken from: ${message}`, () => assert.equal(accountRefusal(message, keys), undefined));
  }
});

/** What a look-up of one field says, by codes of EC2 and by the plugin's own words. */
const lookups: readonly (readonly [string, ReturnType<typeof awsWords.kindOf>])[] = [
  ["api error InvalidAMIID.NotFound: The image id '[ami-1]' does not exist", "wrong"],
  ['api error InvalidAMIID.Malformed: Invalid id: "ami-1"', "wrong"],
  ["api error InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist", "wrong"],
  ["api error InvalidGroup.NotFound: The security group 'sg-1' does not exist", "wrong"],
  ["api error InvalidKeyPair.NotFound: The key pair 'k' does not exist", "wrong"],
  ["api error InvalidInstanceType: The following supplied instance types do not exist: [m99.huge]", "wrong"],
  ["Your query returned no results. Please change your search criteria and try again.", "wrong"],
  ["no matching EC2 Key Pair found", "wrong"],
  ["api error UnauthorizedOperation: You are not authorized to perform this operation.", "unchecked"],
  ["api error AccessDenied: User: u is not authorized to perform: ec2:DescribeImages", "unchecked"],
  ["api error RequestLimitExceeded: Request limit exceeded.", "passing"],
  ["api error InternalError: An internal error has occurred", "passing"],
  ["api error Unavailable: The service is unavailable.", "passing"],
  ["read tcp 10.0.0.1:5000->52.94.0.1:443: read: connection reset by peer", "passing"],
  ["context deadline exceeded", "passing"],
];

describe("AWS's refusals of a look-up", () => {
  for (const [message, kind] of lookups) {
    it(`${kind}: ${message}`, () => assert.equal(awsWords.kindOf(`operation error EC2: ${message}`), kind));
  }

  it("name the action that is not allowed, and leave out what nobody can read", () => {
    const message = `api error UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:iam::1:user/u is not authorized to perform: ec2:DescribeImages because no identity-based policy allows it. Encoded authorization failure message: ${"x".repeat(900)}`;
    assert.equal(awsWords.lackingIn?.(message), "ec2:DescribeImages");
    assert.match(awsWords.saidIn(message), /^AWS says UnauthorizedOperation \("You are not .* allows it"\)$/);
  });
});
