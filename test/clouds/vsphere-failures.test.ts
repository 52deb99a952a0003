/** What vCenter's sentences and faults mean, wherever else such words stand. */
import assert from "node:assert/strict";
import { VCenterError } from "../../provider/clouds/vsphere/soap";
import { escaped, parseXml } from "../../provider/clouds/vsphere/xml";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { vmProviderOf } from "./registered";

const provider = vmProviderOf("vsphere");

/** As the plugin prints them, behind what it did. */
const sentences: Readonly<Record<CloudFailureClass, readonly string[]>> = {
  CAPACITY: [
    "Insufficient disk space on datastore 'fast'.",
    "Insufficient resources to satisfy configured failover level for vSphere HA.",
    "The available Memory resources in the parent resource pool are insufficient for the operation.",
    "The available CPU resources in the parent resource pool are insufficient for the operation.",
    "The host does not have sufficient memory resources to satisfy the reservation.",
    "No host is compatible with the virtual machine.",
    "DRS cannot find a host to power on or migrate the virtual machine.",
  ],
  QUOTA: [
    "There are not enough licenses installed to perform the operation.",
    "The maximum number of virtual machines has been reached",
  ],
  CONFIG: [
    "Permission to perform this operation was denied.",
    "Permission to perform this operation was denied. Required privilege 'Resource.AssignVMToPool' on managed object with id 'resgroup-21'.",
    "Invalid operation for device '0'.",
    "Invalid configuration for device '0'.",
    "A specified parameter was not correct: spec.identity.userData.computerName",
    "Customization of the guest operating system is not supported due to the given reason:",
    "virtual machine 4203-aaaa must have a snapshot to be used as a linked clone",
    "virtual machine 4203-aaaa must have exactly one root snapshot (has: 2)",
    "virtual machine 4203-aaaa's root snapshot must not have children",
    "disk name disk0 must be at least the same size of source when cloning (expected: >= 40 GiB)",
    'no storage DRS recommendations were found for the requested action (type: "clone")',
    "The object 'vim.Datastore:<computed>' has already been deleted or has not been completely created",
    "Cannot complete login due to an incorrect user name or password.",
    "folder '/DC1/vm/gone' not found",
    'invalid guest ID "otherGuest" for clone. Please set it to "ubuntu64Guest"',
  ],
  TRANSIENT: [
    "timeout waiting for clone to complete",
    "The operation is not allowed in the current state.",
    "The attempted operation cannot be performed in the current state (Powered off).",
    "timeout waiting for an available IP address",
    "Another task is already in progress.",
    "The name 'n-a' already exists.",
    "The object 'vim.VirtualMachine:vm-12' has already been deleted or has not been completely created",
    "The session is not authenticated.",
    "Failed to lock the file",
    'timed out while trying to power on vm "/DC1/vm/n-a"',
    'Post "https://vcenter.example.org/sdk": dial tcp 10.0.0.1:443: connect: connection refused',
    "A general system error occurred: Timed out waiting for vpxa to start",
  ],
};

/** Of answers to our own requests. */
const faults: Readonly<Record<CloudFailureClass, readonly string[]>> = {
  CAPACITY: [
    "InsufficientMemoryResourcesFault",
    "InsufficientStorageSpace",
    "InsufficientFailoverResourcesFault",
    "NoDiskSpace",
    "NoCompatibleHost",
  ],
  QUOTA: ["NotEnoughLicenses"],
  CONFIG: [
    "NoPermission",
    "InvalidLogin",
    "InvalidGuestLogin",
    "InvalidArgument",
    "InvalidDatastore",
    "CustomizationFault",
    "CannotAccessNetwork",
  ],
  TRANSIENT: [
    "NotAuthenticated",
    "InvalidState",
    "InvalidPowerState",
    "TaskInProgress",
    "HostNotConnected",
    "Timedout",
    "DuplicateName",
    "FileLocked",
  ],
};

describe("failures of vSphere", () => {
  for (const [failureClass, list] of Object.entries(sentences)) {
    for (const sentence of list) {
      it(`${failureClass}: ${sentence}`, () => {
        for (const message of [
          sentence,
          `error cloning virtual machine: ${sentence}`,
          `1 error occurred:\n\t* error cloning on datastore cluster "pods": ServerFaultCode: ${sentence}`,
          `warning:\n\nThere was an error performing post-clone changes to virtual machine "/DC1/vm/n-a": error reconfiguring virtual machine: ${sentence}\n\nThe virtual machine may still exist in state.`,
        ]) {
          assert.equal(provider.classify(message), failureClass, message);
        }
      });
    }
  }

  for (const [failureClass, list] of Object.entries(faults)) {
    it(`${failureClass} by the name of a fault: ${list.join(", ")}`, () => {
      for (const fault of list) {
        const { message } = new VCenterError(fault, "Something was not right.", "StartProgramInGuest");
        assert.equal(provider.classify(message), failureClass, message);
      }
    });
  }

  it("leave a VM to look for where the plugin could not take its clone back, whatever was wrong at first", () => {
    for (const sentence of [...sentences.CONFIG, ...sentences.CAPACITY]) {
      const message = `warning:\n\nThere was an error performing post-clone changes to virtual machine "/DC1/vm/n-a": ${sentence}.\n\nAdditionally, there was an error removing the cloned virtual machine: error destroying virtual machine: Permission to perform this operation was denied..\n\nThe virtual machine may still exist in state.`;
      assert.equal(provider.classify(message), "TRANSIENT", message);
    }
  });

  it("of our own have codes", () => {
    for (const [message, failureClass] of [
      ['VspherePlacement: folder "gone": datacenter "DC1" has no such folder of VMs', "CONFIG"],
      ["VsphereHardware: inputOverride.disks[0]: size: got 20; the template's disk has 40 GiB", "CONFIG"],
      ["VsphereNoAddress: the guest of node n-a has told no IPv4 address within 600 s", "TRANSIENT"],
      ["VsphereVmForeign: the VM with the UUID x is called y, and not n-a", "CONFIG"],
    ] as const) {
      assert.equal(provider.classify(message), failureClass, message);
    }
  });

  it("are none by words that stand in a name", () => {
    for (const name of [
      "Insufficient disk space on datastore 'x'",
      "Permission to perform this operation was denied",
      "VsphereToolsSilent",
    ]) {
      assert.equal(provider.classify(`the moon "${name}" is full`), undefined);
    }
  });

  it("are told of the account in words that say what to do", () => {
    const settings = { vcenterAddress: "vcenter.example.org", username: "headroom@vsphere.local" };
    for (const [message, field, says] of [
      [
        "error setting up new vSphere SOAP client: ServerFaultCode: Cannot complete login due to an incorrect user name or password.",
        "password",
        /does not know the user "headroom@vsphere\.local"/,
      ],
      [
        'Post "https://vcenter.example.org/sdk": tls: failed to verify certificate: x509: certificate signed by unknown authority',
        "verifySsl",
        /not trusted here.*set verifySsl to false/,
      ],
      [
        "no answer from vCenter to Login: getaddrinfo ENOTFOUND vcenter.example.org (ENOTFOUND)",
        "vcenterAddress",
        /there is no "vcenter\.example\.org"/,
      ],
      [
        "no answer from vCenter to Login: HTTP 404 without a SOAP message",
        "vcenterAddress",
        /address of a vCenter server/,
      ],
    ] as const) {
      const finding = provider.accountRefusal?.(message, settings);
      assert.equal(finding?.field, field, message);
      assert.match(finding.text, says);
    }
    assert.equal(
      provider.accountRefusal?.("error cloning virtual machine: Insufficient disk space on datastore 'a'.", settings),
      undefined,
    );
  });
});

describe("SOAP messages", () => {
  it("are read with prefixes, entities, empty elements, comments and literal text", () => {
    const parsed = parseXml(
      `<?xml version="1.0"?><s:a xmlns:s="urn:x" s:type="q"><!-- <b> --><b xsi:type="xsd:string" type='T'>1 &lt; 2 &amp;&#x41;&#66;</b><c/><d><![CDATA[<e>&amp;]]></d></s:a>`,
    );

    assert.deepEqual([parsed.name, parsed.attributes["xsi:type"]], ["a", "q"]);
    assert.deepEqual(
      parsed.children.map(({ name, text }) => [name, text]),
      [
        ["b", "1 < 2 &AB"],
        ["c", ""],
        ["d", "<e>&amp;"],
      ],
    );
    assert.deepEqual(parsed.children[0]!.attributes, { "xsi:type": "xsd:string", type: "T" });
  });

  it("that are none are refused, whatever is wrong with them", () => {
    for (const text of [
      "",
      "no XML",
      "<a>",
      "<a></b>",
      "</a>",
      "<a/><b/>",
      "<a b=c/>",
      `${"<a>".repeat(300)}`,
      "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    ]) {
      assert.throws(() => parseXml(text), Error, text);
    }
  });

  it("carry any text there and back", () => {
    for (const text of ["<&>\"'", "é 漢 😀", "a\nb\tc\r\n", "]]>", "\u0000\u0007end"]) {
      const readable = text.replace(/[\u0000\u0007]/g, "");
      assert.equal(parseXml(`<a>${escaped(text)}</a>`).text, readable);
    }
  });
});
