/** Every quantity without its unit, in every kind of definition, is refused with the forms that are allowed. */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import { findRefusals, type DefinitionKind } from "../../runtime/model/config";
import { agentConfigDoc, poolDoc, scheduleDoc, serverConfigDoc, stagingDoc, workspaceDoc } from "../support/builders";

const member = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" };
const vm = (kind: string, settings: object) => ({ name: "v", kind, maxInstances: 1, settings });
const memory = /number with a unit such as "8GiB"/;
const duration = /whole number with a unit such as "900s", "15m"/;
const time = /use HH:MM/;

const places: readonly (readonly [
  path: string,
  kind: DefinitionKind,
  told: RegExp,
  docOf: (value: never) => object,
])[] = [
  ["memory", "workspace", memory, (value) => workspaceDoc({ memory: value })],
  ["staticMembers[0].memory", "pool", memory, (value) => poolDoc({ staticMembers: [{ ...member, memory: value }] })],
  ["memoryOverride", "autoscaleConfig", memory, (value) => agentConfigDoc({ memoryOverride: value })],
  ["standbyMemory", "autoscaleConfig", memory, (value) => agentConfigDoc({ standbyMemory: value })],
  ["standbyMemory", "schedule", memory, (value) => scheduleDoc({ standbyMemory: value })],
  ...(["downscaleBackoff", "queueTimeout", "startTimeout", "provisionTimeout", "missingTimeout"] as const).flatMap(
    (field) => [
      [field, "autoscaleConfig", duration, (value: never) => agentConfigDoc({ [field]: value })] as const,
      [field, "autoscaleConfig", duration, (value: never) => serverConfigDoc({ [field]: value })] as const,
    ],
  ),
  ["expiration", "stagingConfig", duration, (value) => stagingDoc({ expiration: value })],
  ["leadTime", "schedule", /"auto" or .*"15m"/, (value) => scheduleDoc({ leadTime: value })],
  ["start", "schedule", time, (value) => scheduleDoc({ start: value })],
  ["end", "schedule", time, (value) => scheduleDoc({ end: value })],
  ["settings.ebsVolumeSize", "vmProviderConfig", memory, (ebsVolumeSize) => vm("aws", { ebsVolumeSize })],
  ["settings.memory", "vmProviderConfig", memory, (value) => vm("proxmox", { memory: value })],
  ["settings.agentTimeout", "vmProviderConfig", duration, (agentTimeout) => vm("proxmox", { agentTimeout })],
  ["settings.memory", "vmProviderConfig", memory, (value) => vm("local", { memory: value })],
  ["settings.bootTime", "vmProviderConfig", duration, (bootTime) => vm("local", { bootTime })],
];

describe("a quantity without its unit", () => {
  for (const [path, kind, told, docOf] of places) {
    it(`is refused with the forms that are allowed: ${path} of a ${kind}`, () => {
      for (const value of [8, 0, 1.5, -1, "8", " ", true, ["8GiB"]]) {
        const problem = findRefusals(kind, docOf(value as never), cloudCatalog()).find((found) => found.path === path);
        assert.match(problem?.message ?? "nothing", told, JSON.stringify(value));
      }
    });
  }
});
