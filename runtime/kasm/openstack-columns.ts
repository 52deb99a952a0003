/** Kasm's columns of a VM provider config for OpenStack. */
import { alias, to, type Table } from "./table";

export const openStackColumns: Table["columns"] = {
  openstack_keystone_endpoint: to("authUrl", "text", "OpenStack Identity Endpoint", {
    note: "with its scheme",
    example: "https://openstack.example.org:5000",
  }),
  openstack_nova_endpoint: to("novaEndpoint", "text", "OpenStack Nova Endpoint", {
    note: "may be left out: the catalog says it",
  }),
  openstack_nova_version: to("novaVersion", "text", "OpenStack Nova Version", {
    note: "of the runtime's own questions; Pulumi's plugin chooses its own",
  }),
  openstack_glance_endpoint: to("glanceEndpoint", "text", "OpenStack Glance Endpoint", {
    note: "may be left out: the catalog says it",
  }),
  openstack_glance_version: to("glanceVersion", "text", "OpenStack Glance Version", { note: "2 alone" }),
  openstack_cinder_endpoint: to("cinderEndpoint", "text", "OpenStack Cinder Endpoint", {
    note: "may be left out: the catalog says it",
  }),
  openstack_cinder_version: to("cinderVersion", "text", "OpenStack Cinder Version", { note: "3 alone" }),
  openstack_project_name: to("projectName", "text", "Project Name", {
    note: "with a password only: an application credential is of one project, and is refused beside another",
  }),
  openstack_auth_method: to("authMethod", "choice", "Authentication Method"),
  openstack_application_credential_id: to("applicationCredentialId", "text", "Application Credential ID"),
  openstack_application_credential_secret: to("applicationCredentialSecret", "text", "Application Credential Secret", {
    isSecret: true,
  }),
  openstack_project_domain_name: to("projectDomainName", "text", "Project Domain Name", {
    note: "with a password only",
  }),
  openstack_user_domain_name: to("userDomainName", "text", "User Domain Name", { note: "with a password only" }),
  openstack_username: to("username", "text", "Username", { note: "with a password only" }),
  openstack_password: to("password", "text", "Password", { isSecret: true }),
  openstack_metadata: to("metadata", "json", "Metadata"),
  openstack_image_id: to("imageId", "text", "Image ID", { example: "70a599e0-31e7-49b7-b260-868f441e862b" }),
  openstack_flavor: to("flavor", "text", "Flavor", { example: "gen.medium" }),
  openstack_create_volume: to("createVolume", "flag", "Create Volume", { absent: false }),
  openstack_volume_size_bytes: to("volumeSize", "bytes", "Volume Size (GB)", {
    note: "whole GiB such as `50GiB`, with `createVolume` only",
  }),
  openstack_volume_size_gb: alias("volumeSize", "gib"),
  openstack_volume_size: alias("volumeSize", "gib"),
  openstack_volume_type: to("volumeType", "text", "Volume Type", { note: "with `createVolume` only" }),
  openstack_security_groups: to("securityGroups", "list", "Security Groups", { note: "names or ids" }),
  openstack_network_id: to("networkId", "text", "Network ID", { example: "5d7d5c66-8e4f-4f2b-8b9e-0d5b0b6f1d3e" }),
  openstack_key_name: to("keyName", "text", "Key Name"),
  openstack_availability_zone: to("availabilityZone", "text", "Availability Zone"),
  openstack_config_override: to("configOverride", "json", "Config Override", {
    note: "in Nova's words; fields that Headroom sets itself, and unknown ones, are refused",
  }),
};
