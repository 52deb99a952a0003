#!/bin/sh
# Installs the agents that are named and starts them:
#
#   install.sh --upstream ADDRESS --node-id ID [--token-file FILE] [--checkin-file FILE] [--ca-file FILE] [--cloud NAME]
#     [--prefix FOLDER] [heartbeat] [accounts] [notices]
#
# Tokens are moved to /etc/headroom, for the system alone. Proxy variables of the environment are kept for the agents.
# --prefix puts everything below another folder. Where there is no systemd, agents run until the system stops.

set -eu
umask 077

stop() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 2
}

from=$(cd "$(dirname "$0")" && pwd)
prefix='' upstream='' node_id='' token_file='' checkin_file='' ca_file='' cloud='' agents=''
while [ $# -gt 0 ]; do
  case $1 in
    --*) [ $# -gt 1 ] || stop "$1 needs a value" ;;
  esac
  case $1 in
    --upstream) upstream=$2 && shift ;;
    --node-id) node_id=$2 && shift ;;
    --token-file) token_file=$2 && shift ;;
    --checkin-file) checkin_file=$2 && shift ;;
    --ca-file) ca_file=$2 && shift ;;
    --cloud) cloud=$2 && shift ;;
    --prefix) prefix=$2 && shift ;;
    heartbeat | accounts | notices) agents="$agents $1" ;;
    *) stop "unknown word \"$1\"; the agents are heartbeat, accounts and notices" ;;
  esac
  shift
done
[ -n "$upstream" ] && [ -n "$node_id" ] || stop "--upstream and --node-id are required"
command -v curl >/dev/null 2>&1 || stop "curl is missing; install it first"

lib=$prefix/usr/local/lib/headroom etc=$prefix/etc/headroom
mkdir -p "$lib" "$etc" "$prefix/usr/local/bin"
chmod 755 "$lib"
for file in lib.sh json.awk headroom-heartbeat headroom-checkin headroom-accounts headroom-notices; do
  cp "$from/$file" "$lib/$file"
  chmod 755 "$lib/$file"
done

# In single quotes, as the shell reads them.
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# Given files are moved: a token stands in one place.
keep() { # FILE NAME VARIABLE
  [ -n "$1" ] || return 0
  mv "$1" "$etc/$2"
  chmod 600 "$etc/$2"
  printf '%s=%s\n' "$3" "$(quoted "$etc/$2")" >>"$etc/agent.conf"
}

: >"$etc/agent.conf"
{
  printf 'HEADROOM_UPSTREAM=%s\n' "$(quoted "$upstream")"
  printf 'HEADROOM_NODE_ID=%s\n' "$(quoted "$node_id")"
  printf 'HEADROOM_STATE=%s\n' "$(quoted "$prefix/var/lib/headroom-agent")"
  [ -z "$cloud" ] || printf 'HEADROOM_CLOUD=%s\n' "$(quoted "$cloud")"
  for name in http_proxy https_proxy HTTPS_PROXY no_proxy NO_PROXY; do
    eval "value=\${$name:-}"
    # shellcheck disable=SC2154
    [ -z "$value" ] || printf 'export %s=%s\n' "$name" "$(quoted "$value")"
  done
} >>"$etc/agent.conf"
keep "$token_file" agent-token HEADROOM_TOKEN_FILE
keep "$checkin_file" checkin-token HEADROOM_CHECKIN_FILE
keep "$ca_file" ca.pem HEADROOM_CA_FILE

# So that a startup script finds it, and with the settings of this prefix.
{
  printf '#!/bin/sh\n'
  printf 'HEADROOM_CONF=%s exec %s "$@"\n' "$(quoted "$etc/agent.conf")" "$(quoted "$lib/headroom-checkin")"
} >"$prefix/usr/local/bin/headroom-checkin"
chmod 755 "$prefix/usr/local/bin/headroom-checkin"

if [ -z "$prefix" ] && [ -d /run/systemd/system ]; then
  cp "$from/headroom@.service" /etc/systemd/system/
  chmod 644 '/etc/systemd/system/headroom@.service'
  systemctl daemon-reload
  for agent in $agents; do systemctl enable --now "headroom@$agent.service"; done
else
  log=$prefix/var/log/headroom
  mkdir -p "$log"
  for agent in $agents; do
    HEADROOM_CONF=$etc/agent.conf nohup "$lib/headroom-$agent" >>"$log/$agent.log" 2>&1 </dev/null &
  done
fi
