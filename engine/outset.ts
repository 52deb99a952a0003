/** What there can be before it is known what to do: an address for programs and plugins, and plugins that start. */
import { EnginePort } from "./engine-port";
import { PluginStarter } from "./plugin-process";

export interface Outset {
  port: EnginePort;
  starter: PluginStarter;
  /** Ends the plugins that nobody asked for. */
  close(): Promise<void>;
}

export async function openOutset(): Promise<Outset> {
  const port = new EnginePort();
  await port.listen();
  const starter = new PluginStarter(port.address);
  return {
    port,
    starter,
    async close() {
      await starter.close();
      port.close();
    },
  };
}
