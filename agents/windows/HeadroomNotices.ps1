# Asks the cloud every 5 seconds whether it takes this VM back, and tells Headroom. Metadata is asked without any proxy.
. (Join-Path $PSScriptRoot 'HeadroomLib.ps1')

$metadata = if ($env:HEADROOM_METADATA) { $env:HEADROOM_METADATA } else { 'http://169.254.169.254' }

# The answer's text; $null for anything but 200.
function Get-Metadata([string] $Method, [string] $Path, [string] $Header, [string] $Value) {
  $request = [Net.WebRequest]::Create("$metadata$Path")
  $request.Method = $Method
  $request.Timeout = 5000
  $request.Proxy = $null
  $request.Headers.Add($Header, $Value)
  if ($Method -eq 'PUT') { $request.ContentLength = 0 }
  try {
    $response = $request.GetResponse()
    $reader = New-Object IO.StreamReader($response.GetResponseStream(), [Text.Encoding]::UTF8)
    $text = $reader.ReadToEnd()
    $response.Close()
    return $text
  } catch [Net.WebException] {
    return $null
  }
}

function Get-AwsNotice {
  $token = Get-Metadata 'PUT' '/latest/api/token' 'X-aws-ec2-metadata-token-ttl-seconds' '60'
  if ($null -eq $token) { return $null }
  $text = Get-Metadata 'GET' '/latest/meta-data/spot/instance-action' 'X-aws-ec2-metadata-token' $token
  if ($null -eq $text) { return $null }
  $action = ConvertFrom-Json $text
  return @{ message = "AWS will $($action.action) this spot instance"; deadline = $action.time }
}

# Events of neighbours are listed, too.
function Get-AzureNotice {
  $name = Get-Metadata 'GET' '/metadata/instance/compute/name?api-version=2021-02-01&format=text' 'Metadata' 'true'
  $text = Get-Metadata 'GET' '/metadata/scheduledevents?api-version=2020-07-01' 'Metadata' 'true'
  if ($null -eq $name -or $null -eq $text) { return $null }
  foreach ($event in @((ConvertFrom-Json $text).Events)) {
    if ($event.EventType -notin 'Preempt', 'Terminate' -or $name -notin @($event.Resources)) { continue }
    $notice = @{ message = "Azure: $($event.EventType)" }
    if ($event.NotBefore) {
      $at = [DateTime]::Parse($event.NotBefore, [Globalization.CultureInfo]::InvariantCulture).ToUniversalTime()
      $notice['deadline'] = "$($at.ToString('s'))Z"
    }
    return $notice
  }
  return $null
}

function Get-GcpNotice {
  if ((Get-Metadata 'GET' '/computeMetadata/v1/instance/preempted' 'Metadata-Flavor' 'Google') -ne 'TRUE') { return $null }
  return @{ message = 'Google preempts this VM'; deadline = "$((Get-Date).ToUniversalTime().AddSeconds(30).ToString('s'))Z" }
}

$settings = Get-Settings
while ($true) {
  $notice = switch ($settings.cloud) {
    'aws' { Get-AwsNotice }
    'azure' { Get-AzureNotice }
    'gcp' { Get-GcpNotice }
    default { Write-Line "cloud is '$($settings.cloud)'; notices are told by aws, azure and gcp"; exit 1 }
  }
  if ($null -ne $notice) {
    Write-Line "the cloud takes this VM back: $($notice.message)"
    [void] (Invoke-Headroom 'POST' "/api/v1/nodes/$($settings.nodeId)/interruption" 'agent-token' 15 $notice)
    exit 0
  }
  Wait-About 5
}
