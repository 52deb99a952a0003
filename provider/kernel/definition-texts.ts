/** What users of any language read of each kind of definition, with an example that every language can be told. */
import type { DefinitionKind } from "../../runtime/model/config";

export interface DefinitionText {
  readonly description: string;
  /** Properties of one in YAML. Names of other definitions are those of the other examples. */
  readonly example: string;
}

export const definitionTexts: Readonly<Record<DefinitionKind, DefinitionText>> = {
  zone: {
    description: "A deployment zone: where new VMs reach the runtime, and how sessions are placed.",
    example: "upstreamAuthAddress: headroom.example.org\nloadStrategy: mostSessions",
  },
  pool: {
    description: "A set of like nodes: docker agents or servers, with static members.",
    example: "type: dockerAgent\nlabels:\n  - gpu",
  },
  workspace: {
    description: "What a session runs, what it needs, and where it may run.",
    example: "displayName: Browser\npools:\n  - agents\ncores: 1\nmemory: 2GiB",
  },
  vmProviderConfig: {
    description: "Settings of one account and VM template of a cloud by name, with a hard ceiling of instances.",
    example: "kind: local\nmaxInstances: 6\nsettings:\n  cores: 4\n  memory: 8GiB",
  },
  dnsProviderConfig: {
    description: "Settings of one account of a DNS service by name.",
    example: "kind: local\nsettings:\n  root: /srv/headroom",
  },
  ldapConfig: {
    description: "The domain controllers of an Active Directory, and the account with which computer records are made.",
    example:
      "urls:\n  - ldaps://dc1.example.org\nsearchBase: DC=example,DC=org\nserviceAccountDn: CN=headroom,OU=Services,DC=example,DC=org\n" +
      "serviceAccountPassword: ${ldapPassword}",
  },
  budget: {
    description:
      "How much the VMs of a part of the installation may cost in a day, week or month, and what happens then.",
    example: "pool: agents\namount: 1500\ncurrency: EUR\nper: month\ntimezone: Europe/Berlin\nonReached: noStandby",
  },
  autoscaleConfig: {
    description: "Rules for the nodes of one pool in one zone on one VM provider config.",
    example:
      "type: dockerAgent\npool: agents\nzone: office\nvmProvider: small\nstandbyCores: 2\ndownscaleBackoff: 15m\nstartupScript:\n" +
      "  text: headroom-guest agent --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}",
  },
  schedule: {
    description: "A window on days of the week or dates in which an autoscale config is active.",
    example: 'autoscaleConfig: agents\ndays:\n  - mon\n  - fri\nstart: "07:30"\nend: "19:00"\ntimezone: Europe/Berlin',
  },
  stagingConfig: {
    description: "Sessions of one workspace that are kept running before anybody asks for them.",
    example: "zone: office\nworkspace: browser\nautoscaleConfig: agents\nsessions: 2",
  },
};
