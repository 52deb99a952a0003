/**
 * The startup script in Windows. Azure puts custom data into a file there and runs it no more than any other file, so the
 * VM's agent is told to: by a run command, which is a resource of the VM and goes with it. What it says is the same for
 * every VM and holds no secret: whoever may read run commands reads it.
 */
import type * as pulumi from "@pulumi/pulumi";
import { loadRunCommand, type AzureVm, type RunCommandArgs } from "./sdk";

/** Windows PowerShell takes a file without a byte order mark for one of its own code page. */
const runCustomData = `$ErrorActionPreference = 'Stop'
$folder = Join-Path $env:SystemDrive 'AzureData'
$file = Join-Path $folder 'headroom.ps1'
$text = [IO.File]::ReadAllText((Join-Path $folder 'CustomData.bin'), (New-Object Text.UTF8Encoding $false))
[IO.File]::WriteAllText($file, $text, (New-Object Text.UTF8Encoding $true))
& powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $file
exit $LASTEXITCODE
`;

/** Until the agent ends the script; a node that checks in is ready whatever becomes of it. */
const scriptSecondsMax = 5400;

interface OfNode {
  readonly nodeId: string;
  readonly resourceGroup: string;
  readonly location: string;
}

export function runCommandArgs({ nodeId, resourceGroup, location }: OfNode): RunCommandArgs {
  return {
    resourceGroupName: resourceGroup,
    vmName: nodeId,
    runCommandName: "headroom-startup",
    location,
    source: { script: runCustomData },
    // The resource is made when the script has begun: what becomes of it the node's check-in tells.
    asyncExecution: true,
    treatFailureAsDeploymentFailure: false,
    timeoutInSeconds: scriptSecondsMax,
  };
}

export function declareRunCommand(vm: AzureVm, node: OfNode, options: pulumi.CustomResourceOptions): void {
  const RunCommand = loadRunCommand();
  new RunCommand(`${node.nodeId}-guest`, runCommandArgs(node), {
    ...options,
    // It goes with its VM: to delete it by itself would wait for an agent that may not answer any more.
    deletedWith: vm,
    ignoreChanges: ["*"],
    customTimeouts: { create: "30m" },
  });
}
