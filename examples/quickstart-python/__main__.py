"""Docker agents on this machine and one VM without the runtime. docs/languages.md tells how to run it."""

import pulumi
import pulumi_headroom as headroom

lab = headroom.Zone("lab", upstream_auth_address="127.0.0.1:8700", local=True)

# What a VM is, and how many of them there may ever be.
small = headroom.LocalVmProvider("small", max_instances=6, cores=4, memory="8GiB")

# Docker agents: VMs that run containers. Two cores stay free for the next session.
agents = headroom.Pool("agents", type=headroom.PoolType.DOCKER_AGENT)
headroom.AutoscaleConfig(
    "agents",
    type=headroom.AutoscaleConfigType.DOCKER_AGENT,
    pool=agents.name,
    zone=lab.name,
    vm_provider=small.name,
    standby_cores=2,
    downscale_backoff="2m",
    startup_script=headroom.AutoscaleConfigStartupScriptArgs(
        text="headroom-guest agent --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}",
    ),
)
browser = headroom.Workspace("browser", pools=[agents.name], cores=1, memory="2GiB")

# A component: one VM in this stack, which lives as long as the resource.
builder = headroom.LocalNode(
    "builder",
    startup_script=pulumi.Output.concat("#!/bin/sh\necho 'workspace ", browser.name, "' > built-for\n"),
    settings=headroom.LocalNodeSettingsArgs(cores=1, memory="1GiB"),
)
pulumi.export("builder", builder.address)
