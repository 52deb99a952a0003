/** What answers of domain controllers mean, as Active Directory and Samba write them. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { classifyDirectoryFailure, failureOf, type Asked } from "../../provider/directory/failures";
import type { DirectoryAccess } from "../../provider/directory/access";
import { LoginRefusals } from "../../provider/directory/login-refusals";
import { removeFolder } from "../support/remove-folder";

const controller = "ldaps://dc1.example.org";
const computerOu = "OU=Desktops,DC=example,DC=org";
const add: Asked = { operation: "add", subject: `CN=n1,${computerOu}`, controller, computerOu };
const bind: Asked = { operation: "bind", subject: "headroom@example.org", controller };

function answer(code: number, message: string): Error {
  return Object.assign(new Error(`${message} Code: 0x${code.toString(16)}`), { code });
}

const cases: readonly (readonly [string, Asked, Error, string, RegExp])[] = [
  [
    "wrong password",
    bind,
    answer(49, "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 52e, v4563"),
    "CONFIG",
    /^AdLoginRefused: /,
  ],
  [
    "password ended",
    bind,
    answer(49, "80090308: LdapErr: DSID-0C09041C, data 532, v4563"),
    "CONFIG",
    /^AdLoginEnded: .*its password has ended/,
  ],
  [
    "disabled",
    bind,
    answer(49, "80090308: LdapErr: DSID-0C09041C, data 533, v4563"),
    "CONFIG",
    /^AdLoginEnded: .*is disabled/,
  ],
  ["account ended", bind, answer(49, "data 701, v4563"), "CONFIG", /^AdLoginEnded: .*it has ended/],
  ["must change", bind, answer(49, "data 773, v4563"), "CONFIG", /^AdLoginEnded: .*must be changed/],
  ["locked", bind, answer(49, "80090308: LdapErr: DSID-0C09041C, data 775, v4563"), "CONFIG", /^AdLoginLocked: /],
  ["plain", bind, answer(8, "00002028: LdapErr: DSID-0C090259"), "CONFIG", /^AdTlsNeeded: /],
  [
    "no right",
    add,
    answer(50, "00000005: SecErr: DSID-03152D2C, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"),
    "CONFIG",
    /^AdNoRight: .*create computer objects in "OU=Desktops/,
  ],
  [
    "quota of ten",
    add,
    answer(53, "0000216D: SvcErr: DSID-031A124C, problem 5003 (WILL_NOT_PERFORM), data 0"),
    "CONFIG",
    /^AdNoRight: .*as many computers as a user may.*create computer objects/,
  ],
  [
    "quota of ten, in words",
    add,
    answer(53, "Your computer could not be joined: Exceeded the Maximum Number of Computer Accounts Allowed"),
    "CONFIG",
    /^AdNoRight: /,
  ],
  [
    "an attribute",
    add,
    answer(
      19,
      "000020E7: AtrErr: DSID-03152B7A, #1: 0: 000020E7: DSID-03152B7A, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 90008 (userAccountControl)",
    ),
    "CONFIG",
    /^AdPolicy: .*\(userAccountControl\)/,
  ],
  [
    "unquoted password",
    add,
    answer(53, "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"),
    "CONFIG",
    /^AdPolicy: /,
  ],
  [
    "missing OU",
    add,
    answer(32, "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT), data 0"),
    "CONFIG",
    /^AdOuMissing: .*a comma inside one of its names/,
  ],
  [
    "bad name",
    add,
    answer(34, "0000208F: NameErr: DSID-03100232, problem 2006 (BAD_NAME), data 8350"),
    "CONFIG",
    /^AdBadName: /,
  ],
  [
    "name taken",
    add,
    answer(68, "00002071: UpdErr: DSID-0305038D, problem 6005 (ENTRY_EXISTS), data 0"),
    "TRANSIENT",
    /^AdNameTaken: /,
  ],
  [
    "children",
    { ...add, operation: "delete" },
    answer(66, "00002015: UpdErr: DSID-031A1222, problem 6003 (CANT_ON_NON_LEAF), data 0"),
    "CONFIG",
    /^AdNotEmpty: .*adRecursiveCleanup/,
  ],
  [
    "delete refused",
    { ...add, operation: "delete" },
    answer(50, "00000005: SecErr"),
    "CONFIG",
    /^AdNoRight: .*delete computer objects.*"delete subtree"/,
  ],
  ["read-only controller", add, answer(10, "0000202B: RefErr: DSID-0310078A, data 0"), "CONFIG", /^AdReadOnly: /],
  ["busy", add, answer(51, "00002024: SvcErr: problem 5001 (BUSY), data 0"), "TRANSIENT", /^AdBusy: /],
  ["unknown attribute", add, answer(16, "00000057: LdapErr: DSID-0C090F8A"), "CONFIG", /^AdPolicy: /],
  ["anything else", add, answer(80, "some trouble"), "TRANSIENT", /^AdFailed: /],
  ["nothing", add, new Error("AddRequest: Operation timed out"), "TRANSIENT", /^AdNoAnswer: .*timed out/],
];

describe("the answer of a domain controller", () => {
  for (const [what, asked, error, failureClass, text] of cases) {
    it(`has its class by its code and by what was asked: ${what}`, () => {
      const failure = failureOf(error, asked);
      assert.match(failure.message, text);
      assert.equal(failure.failureClass, failureClass);
      const printed = `error: rpc error: code = Unknown desc = ${failure.message}`;
      assert.equal(classifyDirectoryFailure(printed), failureClass, "also in what an engine prints");
    });
  }

  it("says nothing of failures of clouds", () => {
    for (const text of ["Address: 10.0.0.1", "AddFailed: x", "InvalidAMIID.NotFound: AdNoRight", "LocalQuota: no"]) {
      assert.equal(classifyDirectoryFailure(text), undefined, text);
    }
  });
});

describe("a login that the directory refused", () => {
  let root: string;
  const access = (password: string, login = "headroom@example.org"): DirectoryAccess => ({
    ...{ urls: [controller], searchBase: "DC=example,DC=org", connectionTimeout: 10, answerTimeout: 30 },
    ...{ serviceAccountDn: login, serviceAccountPassword: password },
  });
  const refusals = () => new LoginRefusals(root);
  const isResting = (of: DirectoryAccess, nowMs: number) => {
    try {
      refusals().requireRested(of, nowMs);
      return false;
    } catch (error) {
      assert.match((error as Error).message, /^AdLogin(Refused|Locked): .*is not tried again before/);
      return true;
    }
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "headroom-logins-"));
  });
  afterEach(() => removeFolder(root));

  it("rests after the second time for half an hour, in every process, whatever the password's case", () => {
    const wrong = access("wrong");
    refusals().note(wrong, false, 1000);
    assert.ok(!isResting(wrong, 2000), "one may be of a change that is on its way");
    refusals().note(wrong, false, 2000);
    assert.ok(isResting(wrong, 3000));
    assert.ok(!isResting(wrong, 2000 + 30 * 60_000));
    assert.ok(!isResting(wrong, 1), "a clock that was set back frees it");
    assert.ok(!isResting(access("wrong", "other@example.org"), 3000));
  });

  it("is tried at once with another password, or when it is known again", () => {
    const wrong = access("wrong");
    for (const atMs of [1000, 2000]) refusals().note(wrong, false, atMs);
    assert.ok(!isResting(access("right"), 3000));
    refusals().forget(access("right"));
    assert.ok(!isResting(wrong, 3000));
  });

  it("rests at once when it is locked, and leaves no password anywhere", () => {
    const secret = access("Secret-Of-The-Directory");
    refusals().note(secret, true, 1000);
    assert.ok(isResting(secret, 2000));
    const folder = join(root, "headroom-directory-logins");
    for (const file of readdirSync(folder)) {
      assert.ok(!`${file}${readFileSync(join(folder, file), "utf8")}`.includes("Secret-Of-The-Directory"));
    }
  });
});
