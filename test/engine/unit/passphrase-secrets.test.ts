import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Crypter } from "../../../engine/stack/secrets";
import { encodeValue } from "../../../engine/state/stored-state";
import { Secret } from "../../../engine/state/values";

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

  it("derives a key once when a file for keys is named, and trusts only a file of its own", async () => {
    const folder = mkdtempSync(join(tmpdir(), "engine-keys-"));
    const file = join(folder, "keys");
    try {
      process.env["PULUMI_EMBEDDED_KEY_FILE"] = file;
      process.env["PULUMI_CONFIG_PASSPHRASE"] = "correct horse";
      await new Crypter(salt).unlock();
      assert.equal(statSync(file).mode & 0o777, 0o600);

      process.env["PULUMI_CONFIG_PASSPHRASE"] = "not asked for";
      await new Crypter(salt).unlock();

      chmodSync(file, 0o644);
      await assert.rejects(new Crypter(salt).unlock(), /incorrect passphrase/);

      writeFileSync(file, readFileSync(file, "utf8").replace(/"key":"[^"]{8}/, '"key":"AAAAAAAA'));
      chmodSync(file, 0o600);
      await assert.rejects(new Crypter(salt).unlock(), /incorrect passphrase/);
    } finally {
      delete process.env["PULUMI_EMBEDDED_KEY_FILE"];
      rmSync(folder, { recursive: true });
    }
  });
});
