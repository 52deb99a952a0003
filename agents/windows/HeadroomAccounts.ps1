# Makes and removes the accounts of sessions: Headroom says which there should be, one for each session, and is told which
# there are. Only accounts that this agent has made are touched; each has a mark in %ProgramData%\headroom\accounts.
. (Join-Path $PSScriptRoot 'HeadroomLib.ps1')

$marks = Join-Path $script:Folder 'accounts'
New-Item -ItemType Directory -Force -Path $marks | Out-Null
# By their number: the name of the group is another in each language.
$remoteDesktopUsers = 'S-1-5-32-555'

function Test-User([string] $Name) {
  return $null -ne (Get-LocalUser -Name $Name -ErrorAction SilentlyContinue)
}

# True when the account is there.
function New-Account($Account) {
  $id = [string] $Account.accountId
  $name = [string] $Account.userName
  if ($id -notmatch '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$') { Write-Line "'$id' is no id of an account"; return $false }
  if ($name -notmatch '^[A-Za-z_][A-Za-z0-9_-]{0,19}$') { Write-Line "account ${id}: '$name' is no name for a user"; return $false }
  $mark = Join-Path $marks $id
  if (-not (Test-Path $mark)) {
    if (Test-User $name) { Write-Line "account ${id}: there is a user $name already, who is not ours"; return $false }
    [IO.File]::WriteAllText($mark, $name)
  }
  if ([IO.File]::ReadAllText($mark) -ne $name) { Write-Line "account $id had another name before"; return $false }
  $password = ConvertTo-SecureString ([string] $Account.password) -AsPlainText -Force
  try {
    if (Test-User $name) { Set-LocalUser -Name $name -Password $password }
    else { New-LocalUser -Name $name -Password $password -Description "headroom $id" -PasswordNeverExpires | Out-Null }
    $members = Get-LocalGroupMember -SID $remoteDesktopUsers -ErrorAction SilentlyContinue
    if ("$env:COMPUTERNAME\$name" -notin @($members | ForEach-Object { $_.Name })) {
      Add-LocalGroupMember -SID $remoteDesktopUsers -Member $name
    }
    return $true
  } catch {
    Write-Line "account ${id}: $($_.Exception.Message)"
    return $false
  }
}

# True when nothing of it is left.
function Remove-Account([string] $Id) {
  $mark = Join-Path $marks $Id
  $name = [IO.File]::ReadAllText($mark)
  try {
    $user = Get-LocalUser -Name $name -ErrorAction SilentlyContinue
    if ($null -ne $user) {
      # Nobody comes in again while what he runs is ended.
      Disable-LocalUser -Name $name
      Get-CimInstance Win32_Process | Where-Object {
        (Invoke-CimMethod -InputObject $_ -MethodName GetOwnerSid -ErrorAction SilentlyContinue).Sid -eq $user.SID.Value
      } | ForEach-Object { Stop-Process -Id $_.ProcessId -Force -ErrorAction SilentlyContinue }
      Get-CimInstance Win32_UserProfile | Where-Object { $_.SID -eq $user.SID.Value } | Remove-CimInstance
      Remove-LocalUser -Name $name
    }
    Remove-Item $mark
    return $true
  } catch {
    Write-Line "account ${Id}: $($_.Exception.Message)"
    return $false
  }
}

$settings = Get-Settings
$path = "/api/v1/nodes/$($settings.nodeId)/accounts"
$version = ''
while ($true) {
  # Waits up to 25 seconds for a change.
  $query = if ($version -ne '') { "?after=$([Uri]::EscapeDataString($version))" } else { '' }
  $answer = Invoke-Headroom 'GET' "$path$query" 'agent-token' 40 $null
  $list = $null
  if ($null -ne $answer) { try { $list = ConvertFrom-Json $answer.Text } catch { $list = $null } }
  # An answer that does not say which there should be is no list.
  if ($null -eq $list -or -not $list.PSObject.Properties['accounts'] -or -not $list.PSObject.Properties['version'] -or
    $list.accounts -isnot [array]) {
    $version = ''
    Wait-About 60
    continue
  }
  $present = @($list.accounts | Where-Object { New-Account $_ } | ForEach-Object { [string] $_.accountId })
  $listed = @($list.accounts | ForEach-Object { [string] $_.accountId })
  foreach ($mark in @(Get-ChildItem $marks)) {
    if ($mark.Name -notin $listed -and -not (Remove-Account $mark.Name)) { $present += $mark.Name }
  }
  $answer = Invoke-Headroom 'POST' $path 'agent-token' 15 @{ present = @($present) }
  $version = if ($null -ne $answer) { [string] $list.version } else { '' }
}
