/**
 * Reads a stack's state with the secrets it holds. The rule kept: the key is derived only when there are secrets, and a
 * state whose secrets were made under another salt is read with that one and written with the stack's own.
 */
import { CommandFailure } from "../failure";
import { integrityProblem } from "../state/integrity";
import type { StackState } from "../state/resource";
import { decodeDeployment, deploymentSalt, parseCheckpoint, type Stored } from "../state/stored-state";
import { secretSignature } from "../state/values";
import type { FileBackend, StackName } from "./backend";
import type { StackConfig } from "./project";
import { Crypter } from "./secrets";

/** The state, and what encrypts its secrets. */
export async function openState(
  backend: FileBackend,
  name: StackName,
  config: StackConfig,
): Promise<{ state: StackState; crypter: Crypter }> {
  const text = backend.read(name);
  const stored: Stored = parseCheckpoint(text, backend.stackFile(name)) ?? {};
  const stateSalt = deploymentSalt(stored);
  const salt = config.salt ?? stateSalt;
  const crypter = salt === undefined ? await newCrypter(config) : new Crypter(salt);
  const reader = stateSalt === undefined || stateSalt === crypter.salt ? crypter : new Crypter(stateSalt);
  if (text.includes(secretSignature)) await reader.unlock();
  const state = decodeDeployment(stored, (ciphertext) => reader.decrypt(ciphertext));
  const problem = integrityProblem(state.resources);
  if (problem) throw new CommandFailure(`snapshot integrity failure; refusing to use it: ${problem}`);
  return { state, crypter };
}

async function newCrypter(config: StackConfig): Promise<Crypter> {
  const crypter = await Crypter.create();
  config.salt = crypter.salt;
  config.save();
  return crypter;
}
