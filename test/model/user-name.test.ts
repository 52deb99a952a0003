import assert from "node:assert/strict";
import { ssoUserName } from "../../runtime/model/user-name";

describe("the name of a user with credential type sso", () => {
  const cases: readonly (readonly [domain: string | undefined, userId: string, expected: string])[] = [
    [undefined, "john@example.com", "john@example.com"],
    ["", "CORP\\john", "CORP\\john"],
    ["localhost", "john_smith@example.com", "john_smith"],
    ["localhost", "CORP\\john", "john"],
    ["localhost", "CORP\\john@example.com", "john"],
    ["localhost", "john", "john"],
    ["localhost", "@example.com", "@example.com"],
    ["ACME\\", "john", "ACME\\john"],
    ["ACME\\", "john@example.com", "ACME\\john"],
    ["ACME\\", "OTHER\\john", "ACME\\john"],
    ["corp.example.com", "john", "john@corp.example.com"],
    ["corp.example.com", "john@example.com", "john@corp.example.com"],
    ["localhost.example.com", "john", "john@localhost.example.com"],
  ];
  for (const [domain, userId, expected] of cases) {
    it(`with domain ${domain === undefined ? "absent" : `"${domain}"`} of ${userId} is ${expected}`, () => {
      assert.equal(ssoUserName(userId, domain), expected);
    });
  }
});
