# Joins the domain by the computer record that Headroom has made, whose one-time password is the credential; the computer takes
# the name of the record. The record may not have reached the next domain controller yet, so it tries for 5 minutes.
# Windows restarts afterwards: what comes then belongs into a scheduled task, as HeadroomCheckin.ps1 -Percent 100 does.
param(
  [Parameter(Mandatory = $true)][string] $Domain,
  [Parameter(Mandatory = $true)][string] $Credential,
  [Parameter(Mandatory = $true)][string] $Name,
  [switch] $NoRestart
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$password = ConvertTo-SecureString $Credential -AsPlainText -Force
$join = New-Object System.Management.Automation.PSCredential -ArgumentList ([pscustomobject] @{ UserName = $null; Password = $password })
for ($try = 1; ; $try++) {
  try {
    if ($env:COMPUTERNAME -eq $Name) { Add-Computer -Domain $Domain -Options @('UnsecuredJoin', 'PasswordPass') -Credential $join }
    else { Add-Computer -Domain $Domain -NewName $Name -Options @('UnsecuredJoin', 'PasswordPass', 'JoinWithNewName') -Credential $join }
    break
  } catch {
    if ($try -eq 20) { throw }
    Start-Sleep -Seconds 15
  }
}
if (-not $NoRestart) { Restart-Computer -Force }
