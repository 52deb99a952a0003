/**
 * `config set` and `config set-all`: write values into the stack's configuration file.
 * The rule kept: a secret is encrypted before it is written.
 */
import { CommandFailure, exitCodes, NotSupported } from "../failure";
import { qualifiedKey, StackConfig } from "../stack/project";
import { Crypter } from "../stack/secrets";
import { deploymentSalt, parseCheckpoint, type Stored } from "../state/stored-state";
import { parseArgs } from "./args";
import { openStack } from "./context";

interface Setting {
  key: string;
  text: string;
  isSecret: boolean;
}

export async function config([name = "", ...args]: string[]): Promise<void> {
  if (name === "set") return set(args);
  if (name === "set-all") return setAll(args);
  throw new NotSupported(`the command "${`config ${name}`.trim()}" (only config set and config set-all)`);
}

async function set(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", secret: "switch", plaintext: "switch" });
  const [key, text] = parsed.words;
  if (key === undefined || text === undefined) {
    throw new CommandFailure("config set needs a key and a value", exitCodes.configuration);
  }
  await write(parsed.value("stack"), [{ key, text, isSecret: parsed.isOn("secret") }]);
}

async function setAll(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", secret: "list", plaintext: "list" });
  const settings = (pairs: string[], isSecret: boolean): Setting[] =>
    pairs.map((pair) => {
      const [key = "", ...rest] = pair.split("=");
      return { key, text: rest.join("="), isSecret };
    });
  await write(parsed.value("stack"), [
    ...settings(parsed.list("plaintext"), false),
    ...settings(parsed.list("secret"), true),
  ]);
}

async function write(stack: string | undefined, settings: Setting[]): Promise<void> {
  const { backend, project, name } = openStack(stack);
  const file = StackConfig.read(project, name.stack);
  for (const { key, text } of settings.filter(({ isSecret }) => !isSecret)) file.set(qualifiedKey(key, project), text);
  const secrets = settings.filter(({ isSecret }) => isSecret);
  if (secrets.length > 0) {
    const crypter = await openCrypter(file, parseCheckpoint(backend.read(name), backend.stackFile(name)));
    for (const { key, text } of secrets) file.set(qualifiedKey(key, project), { secure: crypter.encrypt(text) });
  }
  file.save();
}

/** With the salt of the file, else of the state, else a new one; the file keeps it. */
async function openCrypter(file: StackConfig, stored: Stored | undefined): Promise<Crypter> {
  const salt = file.salt ?? (stored && deploymentSalt(stored));
  const crypter = salt === undefined ? await Crypter.create() : new Crypter(salt);
  await crypter.unlock();
  file.salt = crypter.salt;
  return crypter;
}
