# What all agents share: settings, calls to Headroom. Windows PowerShell 5.1; each agent reads this file first.
#
# Settings are in %ProgramData%\headroom\agent.json: upstream, nodeId, cloud, proxy. Tokens are files beside it, which only
# the system and its administrators may read: agent-token ({manager_token}), checkin-token ({checkin_jwt}).

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

$script:Folder = if ($env:HEADROOM_FOLDER) { $env:HEADROOM_FOLDER } else { Join-Path $env:ProgramData 'headroom' }
# Exit code: the node is gone for good, so there is nothing left to do.
$script:Gone = 10

function Write-Line([string] $Text) {
  Write-Output "$((Get-Date).ToUniversalTime().ToString('s'))Z $Text" | Out-File -Append -Encoding utf8 (Join-Path $script:Folder 'agent.log')
}

function Get-Settings {
  $settings = Get-Content -Raw -Encoding UTF8 (Join-Path $script:Folder 'agent.json') | ConvertFrom-Json
  if (-not $settings.upstream -or -not $settings.nodeId) { throw 'agent.json has no upstream or no nodeId' }
  return $settings
}

function Get-Token([string] $Name) {
  $token = ([IO.File]::ReadAllText((Join-Path $script:Folder $Name))).Trim()
  if ($token -notmatch '^[A-Za-z0-9._-]+$') { throw "the file $Name does not hold a token" }
  return $token
}

# One call: the status of the answer, 0 when there was none, and its text. Certificates are always checked.
function Invoke-Once([string] $Method, [string] $Path, [string] $TokenName, [int] $Seconds, $Body) {
  $settings = Get-Settings
  $upstream = $settings.upstream.TrimEnd('/')
  if ($upstream -notmatch '^https?://') { $upstream = "https://$upstream" }
  $request = [Net.WebRequest]::Create("$upstream$Path")
  $request.Method = $Method
  $request.Timeout = $Seconds * 1000
  $request.ReadWriteTimeout = $Seconds * 1000
  $request.AllowAutoRedirect = $false
  if ($settings.PSObject.Properties['proxy'] -and $settings.proxy) { $request.Proxy = New-Object Net.WebProxy($settings.proxy) }
  $request.Headers.Add('Authorization', "Bearer $(Get-Token $TokenName)")
  try {
    if ($null -ne $Body) {
      $bytes = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $Body -Compress -Depth 5))
      $request.ContentType = 'application/json'
      $request.ContentLength = $bytes.Length
      $stream = $request.GetRequestStream()
      $stream.Write($bytes, 0, $bytes.Length)
      $stream.Close()
    }
    $response = $request.GetResponse()
  } catch [Net.WebException] {
    $response = $_.Exception.Response
    if ($null -eq $response) { return @{ Status = 0; Text = $_.Exception.Message; RetryAfter = 0 } }
  }
  try {
    $reader = New-Object IO.StreamReader($response.GetResponseStream(), [Text.Encoding]::UTF8)
    $retryAfter = 0
    [void] [int]::TryParse([string] $response.Headers['Retry-After'], [ref] $retryAfter)
    return @{ Status = [int] $response.StatusCode; Text = $reader.ReadToEnd(); RetryAfter = $retryAfter }
  } finally {
    $response.Close()
  }
}

# Between half and all of so many seconds, so that a fleet does not call in step.
function Wait-About([double] $Seconds) {
  Start-Sleep -Milliseconds ([int] ($Seconds * (500 + (Get-Random -Maximum 501))))
}

# Calls until there is an answer that stands; $null when it was refused or after so many tries (0 = never). While Headroom is
# away or busy it waits longer each time, up to a minute, and never shorter than it was told to.
function Invoke-Headroom([string] $Method, [string] $Path, [string] $TokenName, [int] $Seconds, $Body, [int] $Tries = 0) {
  $pause = 1
  for ($try = 1; ; $try++) {
    $answer = Invoke-Once $Method $Path $TokenName $Seconds $Body
    $status = $answer.Status
    if ($status -ge 200 -and $status -lt 300) { return $answer }
    if ($status -eq 410) {
      Write-Line "this node is gone: $($answer.Text)"
      exit $script:Gone
    }
    if ($status -ge 300 -and $status -lt 500 -and $status -notin 408, 425, 429) {
      Write-Line "$Method $Path was refused: $status $($answer.Text)"
      return $null
    }
    if ($try -eq 1) { Write-Line "$Method ${Path}: no answer yet, trying again: $status $($answer.Text)" }
    if ($try -eq $Tries) { return $null }
    Wait-About ([Math]::Max($pause, 2 * $answer.RetryAfter))
    $pause = [Math]::Min(2 * $pause, 60)
  }
}
