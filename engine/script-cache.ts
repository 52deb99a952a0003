/**
 * Keeps the compiled form of loaded modules for Node versions that cannot do it themselves (before 22.1).
 * The rules kept: a compiled form is used only for the very text it was made of, by the very Node it was made by; a
 * cache that cannot be read or written costs time, nothing else.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import NodeModule from "node:module";
import { dirname, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { Script } from "node:vm";

/** What `Module.prototype` has and its types do not tell. */
interface Loader {
  _compile(this: NodeModule, content: string, filename: string): unknown;
}
interface ModuleStatics {
  prototype: Loader;
  wrap(source: string): string;
  _resolveFilename(request: string, parent: NodeModule, isMain: boolean, options?: object): string;
  _extensions: NodeJS.RequireExtensions;
  _cache: NodeJS.Dict<NodeModule>;
}
type Body = (
  this: unknown,
  exports: unknown,
  require: NodeJS.Require,
  module: NodeModule,
  ...paths: string[]
) => unknown;
type Compiled = Map<string, Buffer>;

/** @param name Tells processes apart that load different modules. */
export function enableScriptCache(folder: string, name: string): void {
  const statics = NodeModule as unknown as ModuleStatics;
  const file = join(folder, `${name}-${process.version}-${process.arch}`);
  const stored = read(file);
  // Not at the end: what was removed meanwhile must not come back.
  if (stored.size === 0) makeFolder(folder);
  const used = new Map<string, Script>();
  let isStale = false;
  const { _compile: compile } = statics.prototype;
  statics.prototype._compile = function (content, filename) {
    // Only Node's own loader can connect `import()`.
    if (/\bimport\s*\(/.test(content)) return compile.call(this, content, filename);
    const source = statics.wrap(content.replace(/^#!/, "//"));
    const key = `${filename} ${createHash("sha1").update(source).digest("base64")}`;
    const cachedData = stored.get(key);
    const script = new Script(source, { filename, cachedData });
    used.set(key, script);
    if (!cachedData || script.cachedDataRejected) isStale = true;
    const body = script.runInThisContext() as Body;
    return body.call(this.exports, this.exports, requireOf(this, statics), this, filename, dirname(filename));
  };
  process.on("exit", () => {
    if (!isStale) return;
    const fileOf = (key: string): string => key.slice(0, key.lastIndexOf(" "));
    const loaded = new Set([...used.keys()].map(fileOf));
    const others = [...stored].filter(([key]) => !loaded.has(fileOf(key)));
    const own = [...used].map(([key, script]) => [key, script.createCachedData()] as const);
    write(file, new Map([...others, ...own]));
  });
}

function requireOf(parent: NodeModule, statics: ModuleStatics): NodeJS.Require {
  const resolve = (request: string, options?: object): string =>
    statics._resolveFilename(request, parent, false, options);
  return Object.assign((id: string): unknown => parent.require(id), {
    resolve: resolve as NodeJS.RequireResolve,
    main: require.main,
    extensions: statics._extensions,
    cache: statics._cache,
  });
}

function read(file: string): Compiled {
  try {
    const content: unknown = deserialize(readFileSync(file));
    return content instanceof Map ? (content as Compiled) : new Map();
  } catch {
    return new Map();
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // There will be no cache then.
  }
}

function write(file: string, content: Compiled): void {
  try {
    const temporary = `${file}.${randomUUID()}.tmp`;
    writeFileSync(temporary, serialize(content), { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // The next one loads as slowly as this one did.
  }
}
