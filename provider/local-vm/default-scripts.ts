/**
 * Startup scripts of a local VM's golden image, as templates for `startupScript.text`: they use the same variables as
 * any other cloud's script. `headroom-guest` is in the VM's PATH (`guest-outbox.ts` tells what it can do).
 */

/** Docker agent: its first heartbeat is its check-in. */
export const localDockerAgentScript = `#!/bin/sh
set -eu
headroom-guest agent --upstream '{upstream_auth_address}' --token '{manager_token}' --server-id '{server_id}'
`;

/** Server with \`requireCheckin\`: tells its progress, then that it is ready. */
export const localServerScript = `#!/bin/sh
set -eu
report() {{ headroom-guest checkin --upstream '{upstream_auth_address}' --token '{checkin_jwt}' --progress "$1" "$2"; }}
report 40 'installing the desktop'
report 100 'ready'
`;
