/** Startup scripts on their way into a VM: wrapped for their system, encoded, refused exactly when the cloud would refuse. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  asItIs,
  forCloudInit,
  forEc2Launch,
  osTypesOf,
  plainBytesMax,
  sentScript,
  wrapScript,
  type ScriptDelivery,
} from "../../provider/frame/script";
import { ConfigError } from "../../runtime/model/errors";

const wrap = { linux: forCloudInit, windows: forEc2Launch };
const nodeOf = (startupScript: string, osType: "linux" | "windows" = "linux") => ({
  nodeId: "n1",
  startupScript,
  osType,
});

describe("startup script on its way", () => {
  for (const encoding of ["plain", "base64"] as const) {
    for (const counted of ["plain", "encoded"] as const) {
      it(`sent ${encoding}, counted ${counted}: is taken exactly when what the cloud counts fits (property)`, () => {
        const script = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "grapheme", maxLength: 100 }));
        fc.assert(
          fc.property(
            script,
            fc.constantFrom("linux" as const, "windows" as const),
            fc.nat(200),
            (text, osType, bytesMax) => {
              const delivery: ScriptDelivery = { wrap, encoding, bytesMax, counted };
              const plain = Buffer.from(wrapScript(text, osType, delivery));
              const encoded = encoding === "base64" ? plain.toString("base64") : plain.toString();
              const size = counted === "plain" ? plain.length : Buffer.byteLength(encoded);
              assert.equal(plain.length <= plainBytesMax(delivery), size <= bytesMax);
              if (size <= bytesMax) return assert.equal(sentScript(nodeOf(text, osType), delivery), encoded);
              assert.throws(() => sentScript(nodeOf(text, osType), delivery), ConfigError);
            },
          ),
        );
      });
    }
  }

  it("stays empty: nothing to run is not wrapped", () => {
    for (const encoding of ["plain", "base64"] as const) {
      assert.equal(sentScript(nodeOf("", "windows"), { wrap, encoding, bytesMax: 10 }), "");
    }
  });

  it("is refused with both sizes and the field to shorten", () => {
    const delivery = { wrap: { linux: asItIs }, encoding: "plain", bytesMax: 3 } as const;
    assert.throws(() => sentScript(nodeOf("four"), delivery), /node n1: startupScript.text: .* 4 bytes .* at most 3/);
    assert.deepEqual(osTypesOf(delivery), ["linux"]);
  });

  it("of cloud-init: is left alone when it says what it is, else run by a shell", () => {
    for (const known of ["#!/bin/bash\n", "#cloud-config\n", "Content-Type: multipart/mixed", "#upstart-job\n"]) {
      assert.equal(forCloudInit(known), known);
    }
    assert.equal(forCloudInit("apt update"), "#!/bin/sh\napt update");
  });

  it("of EC2Launch: is PowerShell unless it says what it is", () => {
    assert.equal(forEc2Launch("dir"), "<powershell>\ndir\n</powershell>");
    const mentioned = "Write-Host '<powershell>'";
    assert.equal(forEc2Launch(mentioned), `<powershell>\n${mentioned}\n</powershell>`);
    for (const known of ["<script>dir</script>", "<POWERSHELL>dir</POWERSHELL>", "version: 1.0\ntasks:\n"]) {
      assert.equal(forEc2Launch(known), known);
    }
  });

  it("runs by the interpreter that it names, whatever an editor put before it or at the end of its lines", () => {
    const meant = "#!/bin/bash\nset -o pipefail\n";
    const files = { wrap: { linux: asItIs }, encoding: "plain", bytesMax: 200 } as const;
    for (const written of ["\ufeff#!/bin/bash\nset -o pipefail\n", "\n\n#!/bin/bash\r\nset -o pipefail\r\n"]) {
      for (const delivery of [{ ...files, wrap }, files]) assert.equal(sentScript(nodeOf(written), delivery), meant);
    }
  });

  it("that is raw is sent as it is, by whatever image, and refused only for its size", () => {
    const raw = (startupScript: string, osType: "linux" | "windows") => ({
      ...nodeOf(startupScript, osType),
      isRawScript: true,
    });
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.constantFrom("linux" as const, "windows" as const),
        (text, osType) => {
          assert.equal(sentScript(raw(text, osType), { wrap, encoding: "plain", bytesMax: 1000 }), text);
        },
      ),
    );
    for (const text of ["\n#!/bin/sh\r\n", "dir", "\ufeffecho"]) {
      assert.equal(sentScript(raw(text, "linux"), { wrap, encoding: "plain", bytesMax: 100 }), text);
    }
    assert.throws(() => sentScript(raw("four", "linux"), { wrap, encoding: "plain", bytesMax: 3 }), ConfigError);
  });
});
