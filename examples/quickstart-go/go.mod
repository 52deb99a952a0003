module quickstart-go

go 1.24

require (
	github.com/pulumi/pulumi/sdk/v3 v3.220.0
	pulumi-headroom.local/sdk/go/headroom v0.0.0
)

replace pulumi-headroom.local/sdk/go/headroom => ./sdks/go/headroom
