# Installs the agents that are named as scheduled tasks of SYSTEM and starts them. Tokens are moved to
# %ProgramData%\headroom, which only the system and its administrators may read.
param(
  [Parameter(Mandatory = $true)][string] $Upstream,
  [Parameter(Mandatory = $true)][string] $NodeId,
  [string] $AgentToken = '',
  [string] $CheckinToken = '',
  [string] $Cloud = '',
  [string] $Proxy = '',
  [ValidateSet('Heartbeat', 'Accounts', 'Notices', 'Ready')][string[]] $Agents = @()
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$folder = Join-Path $env:ProgramData 'headroom'
New-Item -ItemType Directory -Force -Path $folder | Out-Null
# The system and its administrators, by their numbers: the names are another in each language.
icacls $folder /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null
if ($LASTEXITCODE -ne 0) { throw "the rights of $folder can't be set" }

Copy-Item -Path (Join-Path $PSScriptRoot 'Headroom*.ps1') -Destination $folder -Force
if ($AgentToken -ne '') { [IO.File]::WriteAllText((Join-Path $folder 'agent-token'), $AgentToken) }
if ($CheckinToken -ne '') { [IO.File]::WriteAllText((Join-Path $folder 'checkin-token'), $CheckinToken) }
$settings = @{ upstream = $Upstream; nodeId = $NodeId; cloud = $Cloud; proxy = $Proxy }
[IO.File]::WriteAllText((Join-Path $folder 'agent.json'), (ConvertTo-Json $settings))

foreach ($agent in $Agents) {
  $file = Join-Path $folder "Headroom$agent.ps1"
  $words = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$file`""
  $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $words
  $trigger = New-ScheduledTaskTrigger -AtStartup
  $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
  # Started again each minute when it ended by a fault, for as long as the machine lives.
  $rules = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) -AllowStartIfOnBatteries -StartWhenAvailable
  Register-ScheduledTask -TaskName "Headroom $agent" -Action $action -Trigger $trigger -Principal $principal -Settings $rules -Force | Out-Null
  # What is to happen after the next start does not happen now.
  if ($agent -ne 'Ready') { Start-ScheduledTask -TaskName "Headroom $agent" }
}
