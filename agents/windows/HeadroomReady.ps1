# Tells Headroom that this server is ready, when it has started again after it joined its domain; as a scheduled task.
& (Join-Path $PSScriptRoot 'HeadroomCheckin.ps1') -Percent 100 -Message 'ready'
