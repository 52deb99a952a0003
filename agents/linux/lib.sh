# shellcheck shell=sh
# What all agents share: their settings, calls to Headroom, JSON. Each of them reads this file first.
#
# Settings are variables, in /etc/headroom/agent.conf (HEADROOM_CONF names another file):
#   HEADROOM_UPSTREAM       where Headroom answers, e.g. headroom.example.com; https unless it begins with http://
#   HEADROOM_NODE_ID        id of this node, e.g. n1a2b3c4
#   HEADROOM_TOKEN_FILE     file of the agent's token ({manager_token}), mode 600
#   HEADROOM_CHECKIN_FILE   file of the check-in's token ({checkin_jwt}), mode 600
#   HEADROOM_CA_FILE        certificates to trust beside those of the system; none is needed for a public one
#   HEADROOM_CLOUD          aws, azure, gcp or oci, for notices of the cloud
#   https_proxy, no_proxy   exported, where calls to Headroom go through a proxy

set -eu
umask 077
LC_ALL=C
export LC_ALL

conf=${HEADROOM_CONF:-/etc/headroom/agent.conf}
# shellcheck disable=SC1090
[ ! -r "$conf" ] || . "$conf"

# Exit code: the node is gone for good, so there is nothing left to do.
gone=10

say() { printf '%s\n' "$*" >&2; }

stop() { # MESSAGE [CODE]
  say "$1"
  exit "${2:-1}"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/headroom.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP
answer=$work/answer

# A number from 0 to 65535.
random() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }

# Waits between half and all of so many seconds, so that a fleet does not call in step. A signal ends it at once.
rest() { # SECONDS
  sleep "$(awk -v seconds="$1" -v random="$(random)" 'BEGIN { print seconds * (0.5 + random / 131072) }')" >/dev/null 2>&1 &
  wait "$!"
}

# The token goes to curl by its standard input: command lines can be read by everybody.
read_token() { # FILE
  [ -r "$1" ] || stop "the token file $1 is missing or can't be read"
  open=$(find -L "$1" -prune \( -perm -040 -o -perm -020 -o -perm -010 -o -perm -04 -o -perm -02 -o -perm -01 \))
  [ -z "$open" ] || stop "the token file $1 is open to others; set its mode to 600"
  token=$(cat "$1")
  case $token in
    '' | *[!A-Za-z0-9._-]*) stop "the token file $1 does not hold a token" ;;
  esac
}

case ${HEADROOM_UPSTREAM:-} in
  '') stop "HEADROOM_UPSTREAM is not set; set it to the address of Headroom" ;;
  http://* | https://*) upstream=${HEADROOM_UPSTREAM%/} ;;
  *) upstream=https://${HEADROOM_UPSTREAM%/} ;;
esac

# One call. $status is that of the answer, 000 when there was none, and $answer the file with its body. Certificates are
# always checked, and no settings of the user's own curl count (-q).
call() { # METHOD PATH TOKEN_FILE SECONDS [BODY]
  read_token "$3"
  url=$upstream$2
  method=$1 seconds=$4
  shift 4
  if [ $# -gt 0 ]; then
    printf '%s' "$1" >"$work/body"
    set -- --header 'Content-Type: application/json' --data-binary "@$work/body"
  fi
  [ -z "${HEADROOM_CA_FILE:-}" ] || set -- "$@" --cacert "$HEADROOM_CA_FILE"
  : >"$answer"
  : >"$work/headers"
  status=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl -q --config - --silent --show-error --proto '=http,https' --max-filesize 1048576 \
      --connect-timeout 10 --max-time "$seconds" --request "$method" --header 'Expect:' "$@" \
      --output "$answer" --dump-header "$work/headers" --write-out '%{http_code}' "$url" 2>"$work/error") || status=000
}

# What was answered, or why nothing was, for people.
outcome() {
  if [ "$status" = 000 ]; then head -c 300 "$work/error"; else printf '%s ' "$status" && head -c 300 "$answer"; fi | tr '\n' ' '
}

# Calls until there is an answer that stands: 0 = accepted, 1 = refused, 2 = given up after so many tries (0 = never).
# While Headroom is away or busy it waits longer each time, up to a minute, and never shorter than it was told to.
call_until_answered() { # TRIES METHOD PATH TOKEN_FILE SECONDS [BODY]
  tries=$1 tried=0 pause=${HEADROOM_PAUSE_FIRST:-1}
  shift
  while :; do
    call "$@"
    tried=$((tried + 1))
    case $status in
      2??) return 0 ;;
      410) stop "this node is gone: $(outcome)" "$gone" ;;
      000 | 408 | 425 | 429 | 5??) ;;
      *) say "$1 $2 was refused: $(outcome)" && return 1 ;;
    esac
    [ "$tried" -ne 1 ] || say "$1 $2: no answer yet, trying again: $(outcome)"
    [ "$tried" -ne "$tries" ] || return 2
    told=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,4\}\).*/\1/p' "$work/headers" | tail -n 1)
    # Twice what was told: the wait is at least half of it.
    rest "$(awk -v pause="$pause" -v told="${told:-0}" 'BEGIN { print (pause > 2 * told) ? pause : 2 * told }')"
    pause=$(awk -v pause="$pause" -v most="${HEADROOM_PAUSE_MAX:-60}" 'BEGIN { print (2 * pause < most) ? 2 * pause : most }')
  done
}

# Any text as a string of JSON; at most 1800 bytes, without control characters and what is not UTF-8.
json_string() { # TEXT
  printf '"%s"' "$(printf '%s' "$1" | head -c 1800 | utf8_only | tr '\t\n' '  ' | tr -d '\000-\037\177' |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')"
}

utf8_only() {
  if command -v iconv >/dev/null 2>&1; then iconv -c -f UTF-8 -t UTF-8 || :; else tr -d '\200-\377'; fi
}

# The answer as lines `path=value`, see json.awk; fails when it is not JSON.
json_lines() { awk -f "$(dirname "$0")/json.awk" "$answer"; }
