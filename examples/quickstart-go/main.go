// Docker agents on this machine and one VM without the runtime. docs/languages.md tells how to run it.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"pulumi-headroom.local/sdk/go/headroom"
)

func main() {
	pulumi.Run(declare)
}

func declare(ctx *pulumi.Context) error {
	lab, err := headroom.NewZone(ctx, "lab", &headroom.ZoneArgs{
		UpstreamAuthAddress: pulumi.String("127.0.0.1:8700"),
		Local:               pulumi.Bool(true),
	})
	if err != nil {
		return err
	}
	// What a VM is, and how many of them there may ever be.
	small, err := headroom.NewLocalVmProvider(ctx, "small", &headroom.LocalVmProviderArgs{
		MaxInstances: pulumi.Int(6),
		Cores:        pulumi.Float64(4),
		Memory:       pulumi.String("8GiB"),
	})
	if err != nil {
		return err
	}
	// Docker agents: VMs that run containers. Two cores stay free for the next session.
	agents, err := headroom.NewPool(ctx, "agents", &headroom.PoolArgs{Type: headroom.PoolTypeDockerAgent})
	if err != nil {
		return err
	}
	_, err = headroom.NewAutoscaleConfig(ctx, "agents", &headroom.AutoscaleConfigArgs{
		Type:             headroom.AutoscaleConfigTypeDockerAgent,
		Pool:             agents.Name,
		Zone:             lab.Name,
		VmProvider:       small.Name,
		StandbyCores:     pulumi.Float64(2),
		DownscaleBackoff: pulumi.String("2m"),
		StartupScript: headroom.AutoscaleConfigStartupScriptArgs{
			Text: pulumi.String("headroom-guest agent --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}"),
		},
	})
	if err != nil {
		return err
	}
	browser, err := headroom.NewWorkspace(ctx, "browser", &headroom.WorkspaceArgs{
		Pools:  pulumi.StringArray{agents.Name},
		Cores:  pulumi.Float64(1),
		Memory: pulumi.String("2GiB"),
	})
	if err != nil {
		return err
	}
	// A component: one VM in this stack, which lives as long as the resource.
	builder, err := headroom.NewLocalNode(ctx, "builder", &headroom.LocalNodeArgs{
		StartupScript: pulumi.Sprintf("#!/bin/sh\necho 'workspace %s' > built-for\n", browser.Name),
		Settings:      headroom.LocalNodeSettingsArgs{Cores: pulumi.Float64(1), Memory: pulumi.String("1GiB")},
	})
	if err != nil {
		return err
	}
	ctx.Export("builder", builder.Address)
	return nil
}
