/**
 * The first words with a plugin: what it understands and which version it is.
 */
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import type { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ProviderHandshakeRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { call, isUnimplemented } from "./rpc";

/** Which special values may be sent to a plugin, and whether it answers previews of creates and updates. */
export interface Abilities {
  secrets: boolean;
  resources: boolean;
  preview: boolean;
}

export interface Greeting {
  /** Undefined when the plugin tells only once it is configured. */
  abilities: Abilities | undefined;
  /** Empty when it reports none. */
  version: string;
}

/** `folder` is the one of a plugin we started; undefined for an attached one. */
export async function greet(
  client: ResourceProviderClient,
  engineAddress: string,
  folder: string | undefined,
): Promise<Greeting> {
  const abilities = await shakeHands(client, engineAddress, folder);
  if (folder === undefined) await call(client, client.attach, new PluginAttach().setAddress(engineAddress));
  const version = (await call(client, client.getPluginInfo, new Empty())).getVersion();
  return { abilities, version };
}

async function shakeHands(
  client: ResourceProviderClient,
  engineAddress: string,
  folder: string | undefined,
): Promise<Abilities | undefined> {
  const request = new ProviderHandshakeRequest()
    .setEngineAddress(engineAddress)
    .setConfigureWithUrn(true)
    .setInvokeWithPreview(true);
  if (folder !== undefined) request.setRootDirectory(folder).setProgramDirectory(folder);
  try {
    const answer = await call(client, client.handshake, request);
    return { secrets: answer.getAcceptSecrets(), resources: answer.getAcceptResources(), preview: true };
  } catch (error) {
    if (!isUnimplemented(error)) throw error;
    return undefined;
  }
}
