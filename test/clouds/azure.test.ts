/** What is Azure's own: what its refusals mean, and nodes through real updates. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { azure } from "../../provider/clouds/azure";
import { ArmApi } from "../../provider/clouds/azure/arm";
import { accountRefusal } from "../../provider/clouds/azure/refusals";
import { nameOf, nodeComponentType } from "../../runtime/executor/stack-state";
import { enginesHere } from "../executor/bench";
import { removeFolder } from "../support/remove-folder";
import { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import { createError, credentialError, pluginError, shortError } from "./azure-errors";
import { azureNode, minimal } from "./azure-nodes";
import { EmulatedAzure } from "./emulated-azure";
import { secretOf } from "./emulated-azure-tokens";
import { NodeStack } from "./node-stack";
import { dnsProviderOf, vmProviderOf } from "./registered";

const quota = "Operation could not be completed as it results in exceeding approved Total Regional Spot Cores quota.";

describe("Azure failures", () => {
  const codes: Readonly<Record<string, readonly string[]>> = {
    CAPACITY: [
      "SkuNotAvailable",
      "AllocationFailed",
      "ZonalAllocationFailed",
      "OverconstrainedAllocationRequest",
      "OverconstrainedZonalAllocationRequest",
      "NotAvailableForSubscription",
    ],
    QUOTA: ["QuotaExceeded", "ResourceQuotaExceeded", "PublicIPCountLimitReached", "SubnetIsFull"],
    CONFIG: [
      ...[
        "BadRequest",
        "InvalidParameter",
        "InvalidTemplate",
        "ResourceNotFound",
        "ResourceGroupNotFound",
        "PlatformImageNotFound",
      ],
      ...[
        "AuthorizationFailed",
        "LinkedAuthorizationFailed",
        "InvalidAuthenticationTokenTenant",
        "VMMarketplaceInvalidInput",
      ],
      ...["ResourcePurchaseValidationFailed", "MarketplacePurchaseEligibilityFailed", "RequestDisallowedByPolicy"],
      ...[
        "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint",
        "ZonesNotAllowedInBasicSkuResource",
      ],
      ...[
        "LocationNotSupportAvailabilityZones",
        "StandardSkuPublicIPAddressesMustBeStatic",
        "VMExtensionProvisioningTimeout",
      ],
      ...["VMExtensionProvisioningError", "MissingSubscriptionRegistration", "OperationNotAllowed"],
    ],
    TRANSIENT: [
      "RetryableError",
      "RetryableErrorDueToAnotherOperation",
      "ReferencedResourceNotProvisioned",
      "SubscriptionRequestsThrottled",
      "TooManyRequests",
      "InternalServerError",
      "NicReservedForAnotherVm",
      "AnotherOperationInProgress",
    ],
  };
  const { classify } = vmProviderOf("azure");
  const prose = ["some prose", "quota and capacity are invalid, throttled, not found"];
  for (const [failureClass, list] of Object.entries(codes)) {
    for (const code of list) {
      it(`${code} is ${failureClass}, in each form of the plugin, whatever is said beside it`, () => {
        for (const message of prose) {
          assert.equal(classify(createError(409, code, message)), failureClass);
          assert.equal(classify(shortError({ status: 409, code, message })), failureClass);
          assert.equal(classify(JSON.stringify(createError(409, code, message))), failureClass, "quoted");
        }
      });
    }
  }

  it("of codes in one another the innermost that is known counts", () => {
    const inner = (code: string, message = "") =>
      classify(createError(409, "AllocationFailed", "It failed.", { code, message }));
    assert.equal(
      inner("BadRequest", "The selected VM size 'Standard_D16ads_v6' cannot boot Hypervisor Generation '1'."),
      "CONFIG",
    );
    assert.equal(inner("OverconstrainedZonalAllocationRequest"), "CAPACITY");
    assert.equal(inner("QuotaExceeded"), "QUOTA");
    assert.equal(inner("NeverHeardOf"), "CAPACITY");
  });

  it("a refusal for used-up cores is QUOTA, any other of the same code CONFIG, and one for too many requests TRANSIENT", () => {
    assert.equal(classify(createError(409, "OperationNotAllowed", quota)), "QUOTA");
    assert.equal(classify(shortError({ status: 409, code: "OperationNotAllowed", message: quota })), "QUOTA");
    assert.equal(classify(createError(409, "OperationNotAllowed", "The VM is marked for deletion.")), "CONFIG");
    const throttled =
      "The server rejected the request because too many requests have been received; exceeding approved limit of the quota.";
    for (const code of ["OperationNotAllowed", "TooManyRequests", "NeverHeardOf"]) {
      assert.equal(classify(createError(429, code, throttled)), "TRANSIENT", code);
    }
  });

  it("credentials that the directory refuses are CONFIG, a broken connection is TRANSIENT, and prose is nothing", () => {
    for (const code of ["AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS90002"]) {
      assert.equal(classify(credentialError(`${code}: something`)), "CONFIG");
    }
    assert.equal(classify("read tcp 10.0.0.1:5000->40.79.0.1:443: read: connection reset by peer"), "TRANSIENT");
    assert.equal(classify(pluginError("PUT x", { status: 503, code: "NeverHeardOf", message: "" })), "TRANSIENT");
    assert.equal(classify(pluginError("PUT x", { status: 418, code: "NeverHeardOf", message: "" })), "CONFIG");
    for (const text of ["SkuNotAvailable is a word", 'image "QuotaExceeded"', "exceeding approved cores quota"]) {
      assert.equal(classify(text), undefined, text);
    }
  });

  it("tell whoever declared the account which field is wrong and what to do", () => {
    const settings = { subscriptionId: minimal.subscriptionId, tenantId: "t", clientId: "c", clientSecret: "s" };
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [
        credentialError("AADSTS7000222: The provided client secret keys are expired."),
        "clientSecret",
        /has expired; make a new one/,
      ],
      [credentialError("AADSTS7000215: Invalid client secret provided."), "clientSecret", /declare its value/],
      [credentialError("AADSTS700016: Application was not found"), "clientId", /directory t has no such app/],
      [credentialError("AADSTS90002: Tenant not found."), "tenantId", /the right authority/],
      [createError(404, "SubscriptionNotFound", "x"), "subscriptionId", /no role in it/],
      [createError(401, "InvalidAuthenticationTokenTenant", "x"), "tenantId", /is of another directory/],
      [createError(409, "ReadOnlyDisabledSubscription", "x"), "subscriptionId", /is disabled/],
    ];
    for (const [text, field, says] of cases) {
      const found = accountRefusal(text, settings);
      assert.deepEqual([found?.kind, found?.field], ["wrong", field]);
      assert.match(found!.text, says);
    }
    const machine = accountRefusal("DefaultAzureCredential: failed to acquire a token.", { subscriptionId: "s" });
    assert.equal(machine?.field, "credentials");
    assert.equal(accountRefusal(createError(409, "SkuNotAvailable", "x"), settings), undefined);
  });
});

describe("Azure through an update", () => {
  let folder: string;
  let cloud: EmulatedAzure;
  let stack: NodeStack;
  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-azure-")));
    cloud = new EmulatedAzure();
    await cloud.cloud.listen();
    await cloud.arm.listen();
    const [engine] = await enginesHere();
    const environment = { PULUMI_DEBUG_PROVIDERS: cloud.cloud.debugProvider };
    const providers = { vm: vmProviderOf("azure"), dns: dnsProviderOf("azure") };
    stack = await NodeStack.open({ engine: engine!, folder, cloud: providers, environment });
  });
  after(() => {
    cloud?.cloud.close();
    cloud?.arm.close();
    removeFolder(folder);
  });

  const account = () => ({
    tenantId: cloud.access.home,
    clientId: "33333333-cccc-4ccc-8ccc-333333333333",
    clientSecret: secretOf("K1"),
    resourceManagerUrl: cloud.arm.url,
  });
  const aNode = (nodeId: string, settings: object = {}, over: object = {}) =>
    azureNode(nodeId, { ...account(), ...settings }, over);
  const dns = (settings: object, baseDomainName: string) => ({
    kind: "azure",
    settings: { subscriptionId: minimal.subscriptionId, ...account(), resourceGroup: "dev", ...settings },
    baseDomainName,
    ttlSeconds: 60,
  });

  it("makes each VM with all that belongs to it, starts the script of Windows, and puts records into their zones", async () => {
    const report = await stack.update([
      aNode("n-plain", {}, { startupScript: "" }),
      aNode("n-public", { addressType: "public", assignPublicIp: true }, { dns: dns({}, "a.labs.example.org") }),
      aNode("n-private", {}, { dns: dns({ privateZone: true }, "pool.corp.internal") }),
      aNode("n-chosen", {}, { dns: dns({ dnsZone: "example.org" }, "labs.example.org") }),
      aNode("n-win", {}, { osType: "windows", startupScript: "Write-Output 1" }),
      aNode("n-win-image", { windowsScript: "image" }, { osType: "windows", startupScript: "Write-Output 2" }),
    ]);

    assert.deepEqual([...report.errors], []);
    const machines = new Map([...cloud.machines.values()].map((vm) => [vm.name, vm]));
    const own = (name: string, kind: "interface" | "address") => cloud.addressOf(machines.get(name)!, kind);
    const records = [...cloud.zones.sets.values()].map(({ name, values: [address], isPrivate }) => [
      name,
      address,
      isPrivate,
    ]);
    assert.deepEqual(records.sort(), [
      ["n-chosen.labs.example.org", own("n-chosen", "interface"), false],
      ["n-private.pool.corp.internal", own("n-private", "interface"), true],
      ["n-public.a.labs.example.org", own("n-public", "address"), false],
    ]);
    assert.ok(
      [...cloud.zones.sets.keys()].some((id) => id.includes("/dnsZones/example.org/A/n-chosen.labs")),
      "in the zone that was named",
    );
    const commands = [...cloud.made].filter(([, { kind }]) => kind === "run command");
    assert.deepEqual(
      commands.map(([id]) => id.split("/").at(-3)),
      ["n-win"],
    );
    assert.ok(
      !JSON.stringify(commands).includes("Write-Output 1"),
      "a run command can be read by many, so it holds no script",
    );
    assert.deepEqual(cloud.violations, []);
  });

  it("is stopped by the subscription's cores and leaves nothing of the refused VM", async () => {
    cloud.coresLeft = 0;
    const before = cloud.leftovers();

    const report = await stack.update([aNode("n-plain", {}, { startupScript: "" }), aNode("n-more")]);

    assert.equal(vmProviderOf("azure").classify(report.errors.get("n-more") ?? ""), "QUOTA");
    assert.ok(cloud.leftovers().every((id) => before.includes(id)));
    await stack.destroy();
    assert.deepEqual(cloud.leftovers(), []);
    assert.deepEqual(cloud.violations, []);
  });

  it("refuses a zone that records can't be in, before anything is asked", async () => {
    const record = {
      identity: { nodeId: "n1", zone: "z", pool: "p", config: "c" },
      dns: { ...dns({ dnsZone: "example.com", privateZone: false }, "labs.example.org") },
    };
    await assert.rejects(
      azure.dns.prepareRecord(record as never, {}),
      /got "labs.example.org"; it does not end in the zone that is given, "example.com"/,
    );
  });
});

describe("the address of an Azure node", () => {
  it("stays as it was when its network interface can't be asked about, and others come and go", async function () {
    const [engine] = await enginesHere();
    const bench = await AccountBench.open<EmulatedAzure>("azure", engine!);
    try {
      assertDone(await bench.update(bench.node("n-a"), bench.node("n-b")), "n-a", "n-b");
      const { "n-a": born } = bench.vms();
      const addressOf = (nodeId: string) =>
        bench.readState().resources?.find(({ urn, type }) => nameOf(urn) === nodeId && type === nodeComponentType)
          ?.outputs?.["address"];
      const address = addressOf("n-a");
      assert.equal(address, bench.cloud.vms().find(({ nodeId }) => nodeId === "n-a")?.address);

      bench.cloud.access.denyAction("K1", "Microsoft.Network/read");

      assertDone(await bench.update(bench.node("n-a")), "n-a");
      assert.deepEqual(bench.vms(), { "n-a": born });
      assert.equal(addressOf("n-a"), address);
    } finally {
      await bench.close();
    }
  });
});

describe("lists of Azure Resource Manager", () => {
  let cloud: EmulatedAzure;
  beforeEach(async () => {
    cloud = new EmulatedAzure();
    await cloud.arm.listen();
  });
  afterEach(() => cloud.arm.close());

  const path = "/resourceGroups/dev/providers/Microsoft.Compute/virtualMachines";
  const api = (url = cloud.arm.url) =>
    new ArmApi({ subscriptionId: minimal.subscriptionId, resourceManagerUrl: url }, {}, () =>
      Promise.resolve(cloud.access.tokenOf({ clientSecret: secretOf("K1") })),
    );

  it("have every page, and wait as long as they are told to", async () => {
    const ids = Array.from({ length: 250 }, () => cloud.launch({ installation: "i" }));
    let refusals = 0;
    cloud.arm.refuses = () =>
      ++refusals > 1 ? undefined : { status: 429, code: "SubscriptionRequestsThrottled", message: "", retryAfter: "0" };

    const vms = await api().list<{ readonly name: string }>(path, "2024-11-01");

    assert.equal(vms.length, ids.length);
    assert.equal(cloud.arm.requests.length, 4, "three pages, and one of them twice");
  });

  it("are no answer when a page is elsewhere, is none, or is refused", async () => {
    cloud.launch({ installation: "i" });
    const serve = async (answer: object) => {
      const server = createServer((_request, response) => response.end(JSON.stringify(answer)));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
    };
    for (const [answer, says] of [
      [
        { value: [], nextLink: "https://elsewhere.example.org/next" },
        /the next page of a list is at https:\/\/elsewhere/,
      ],
      [{ items: [] }, /the answer has no list/],
      [{ error: { code: "X", message: "y" } }, /the answer has no list/],
    ] as const) {
      const server = await serve(answer);
      await assert.rejects(api(server.url).list(path, "2024-11-01"), says);
      server.close();
    }
    cloud.access.deny("K1", "list VMs");
    await assert.rejects(api().list(path, "2024-11-01"), /Status=403 Code="AuthorizationFailed"/);
    await assert.rejects(
      api().list("/resourceGroups/nowhere/providers/Microsoft.Compute/virtualMachines", "2024-11-01"),
      /403|ResourceGroupNotFound/,
    );
  });
});
