# Tells Headroom every 10 seconds that this docker agent lives and what it has; the first call is its check-in, made when the
# Docker engine answers. GPUs may appear later, when their driver is loaded: each call counts anew.
. (Join-Path $PSScriptRoot 'HeadroomLib.ps1')

function Get-Count([string] $Command, [string[]] $Words, [string] $Pattern) {
  if (-not (Get-Command $Command -ErrorAction SilentlyContinue)) { return $null }
  try { $lines = & $Command @Words 2>$null } catch { return $null }
  if ($LASTEXITCODE -ne 0) { return $null }
  return @($lines | Where-Object { $_ -match $Pattern }).Count
}

while ((Get-Command docker -ErrorAction SilentlyContinue) -and $null -eq (Get-Count 'docker' @('version') '.')) { Wait-About 5 }

$settings = Get-Settings
while ($true) {
  $computer = Get-CimInstance Win32_ComputerSystem
  $gpus = Get-Count 'nvidia-smi' @('--query-gpu=index', '--format=csv,noheader') '^\d'
  $body = @{ cores = [int] $computer.NumberOfLogicalProcessors; memoryBytes = [long] $computer.TotalPhysicalMemory; gpus = [int] $gpus }
  # Nothing while the engine does not tell: unknown is not zero.
  $containers = Get-Count 'docker' @('ps', '--quiet') '^[0-9a-f]'
  if ($null -ne $containers) { $body['containers'] = $containers }
  $answer = Invoke-Headroom 'POST' "/api/v1/nodes/$($settings.nodeId)/heartbeat" 'agent-token' 15 $body
  if ($null -ne $answer) { Wait-About 10 } else { Wait-About 60 }
}
