import assert from "node:assert/strict";
import { Crypter } from "../../../engine/secrets";
import { encodeValue } from "../../../engine/state";
import { Secret } from "../../../engine/values";

/** Written by the official CLI with the passphrase "correct horse"; see the recordings of this suite. */
const salt = "v1:FaFa6vpoqdw=:v1:JVeNCgjAfSW11Chh:hkI4oRN4VbRYEDmvlHoWYKkAxml/KA==";

describe("passphrase secrets", function () {
  this.timeout(60_000);
  const before = process.env["PULUMI_CONFIG_PASSPHRASE"];
  afterEach(() => {
    if (before === undefined) delete process.env["PULUMI_CONFIG_PASSPHRASE"];
    else process.env["PULUMI_CONFIG_PASSPHRASE"] = before;
  });

  it("opens a salt of the official CLI and reads back what it encrypts", async () => {
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "correct horse";
    const crypter = new Crypter(salt);

    await crypter.unlock();

    assert.equal(crypter.decrypt(crypter.encrypt('"hunter2"')), '"hunter2"');
  });

  it("keeps the ciphertext of an unchanged secret, but not one of another stack", () => {
    const secret = new Secret("hunter2");
    const form = (salt: string) => ({ encrypt: (text: string) => `${salt} ${text}`, salt });
    const ciphertext = (salt: string) => (encodeValue(secret, form(salt)) as { ciphertext: string }).ciphertext;

    assert.equal(ciphertext("first"), 'first "hunter2"');
    assert.equal(ciphertext("second"), 'second "hunter2"');
    assert.equal(ciphertext("second"), 'second "hunter2"');
  });

  it("refuses another passphrase", async () => {
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "wrong horse";

    await assert.rejects(new Crypter(salt).unlock(), /incorrect passphrase/);
  });
});
