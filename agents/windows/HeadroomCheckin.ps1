# Tells Headroom how far this server is: HeadroomCheckin.ps1 -Percent 40 -Message 'installing', with 100 that it is ready for
# users, or -Failed that it never will be. It calls until that is answered; progress alone is worth three tries.
param([ValidateRange(0, 100)][int] $Percent = 0, [string] $Message = '', [switch] $Failed)

. (Join-Path $PSScriptRoot 'HeadroomLib.ps1')

$state = if ($Failed) { 'failed' } elseif ($Percent -eq 100) { 'running' } else { 'starting' }
$body = @{ status = $state; status_message = $Message.Substring(0, [Math]::Min($Message.Length, 1800)) }
if (-not $Failed) { $body['status_progress'] = "$Percent" }
$tries = if ($state -eq 'starting') { 3 } else { 0 }
$answer = Invoke-Headroom 'POST' '/api/set_server_status' 'checkin-token' 15 $body $tries
if ($null -eq $answer -and $state -ne 'starting') { exit 1 }
