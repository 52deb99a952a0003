/** The administrator's password of a Windows instance, through a real worker, decrypted with the key pair's private key. */
import assert from "node:assert/strict";
import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import { decryptPassword, windowsPasswordProblems } from "../../provider/clouds/aws/windows-password";
import { enginesHere } from "../executor/bench";
import { opensshKey, rsaKey } from "../support/private-keys";
import { AccountBench } from "./account-bench";
import type { EmulatedAws } from "./emulated-aws";

const key = rsaKey();

/** As EC2 does it. */
function encrypted(password: string, privateKey = key): string {
  const publicKey = createPublicKey(privateKey);
  return publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(password)).toString(
    "base64",
  );
}

describe("the Windows password of EC2", function () {
  this.timeout(120_000);
  let bench: AccountBench<EmulatedAws>;
  before(async () => {
    const [engine] = await enginesHere();
    bench = await AccountBench.open<EmulatedAws>("aws", engine!);
  });
  after(() => bench?.close());

  it("is opened by the key that it was encrypted for, whatever it holds, and by no other", () => {
    for (const password of ["x", "Pa$$w0rd!(-*", "ünïcode ☂", "p".repeat(200)]) {
      assert.equal(decryptPassword(encrypted(password), key), password);
      assert.equal(decryptPassword(encrypted(password), rsaKey()), undefined);
    }
    for (const data of ["", "AAAA", "no base64!", encrypted("x").slice(0, -8)]) {
      assert.equal(decryptPassword(data, key), undefined, data.slice(0, 20));
    }
    assert.equal(decryptPassword(encrypted("x"), "no key"), undefined);
  });

  it("is nothing before EC2 has it, then the password, and with a wrong key a sentence without secrets", async () => {
    const vmId = bench.cloud.launch({ nodeId: "n-windows", installation: "inst-1" });
    const template = { ...bench.template, keyName: "k", retrieveWindowsPassword: true, keyPairPrivateKey: key };
    const ask = (settings: object = template) =>
      bench.ask({ kind: "windowsPassword", vmId, template: { ...settings } });
    assert.deepEqual(await ask(), { kind: "windowsPassword" });

    bench.cloud.passwordData.set(vmId, encrypted("Pa$$w0rd!"));

    assert.deepEqual(await ask(), { kind: "windowsPassword", password: "Pa$$w0rd!" });
    const wrong = await ask({ ...template, keyPairPrivateKey: rsaKey() });
    assert.equal(wrong.kind, "failed");
    assert.match(JSON.stringify(wrong), /keyPairPrivateKey: got a secret; it does not open .* key pair \\"k\\"/);
    assert.ok(!JSON.stringify(wrong).includes("PRIVATE KEY"));
  });

  it("needs an RSA key in its settings, and that key needs it", () => {
    const problems = (settings: object) => windowsPasswordProblems({ ...settings }).map(({ message }) => message);
    const wanted = { retrieveWindowsPassword: true };
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems({ ...wanted, keyPairPrivateKey: key }), []);
    assert.match(problems(wanted)[0]!, /is missing; required with retrieveWindowsPassword/);
    assert.match(problems({ keyPairPrivateKey: key })[0]!, /only with retrieveWindowsPassword/);
    for (const bad of ["no key", opensshKey("ed25519"), rsaKey({ passphrase: "x" })]) {
      const [message = ""] = problems({ ...wanted, keyPairPrivateKey: bad });
      assert.match(message, /^got a secret; /);
      assert.ok(!message.includes(bad));
    }
  });
});
