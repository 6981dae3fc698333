// Finds the function that a handler names: `folder/file.export.nested`.
"use strict";

const { existsSync, readFileSync } = require("node:fs");
const { basename, dirname, join, resolve } = require("node:path");
const { pathToFileURL } = require("node:url");
const { createRequire } = require("node:module");

/** An error under a name of Lambda's. */
class RuntimeError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    if (cause instanceof Error && typeof cause.stack === "string") this.stack = cause.stack;
    if (name === "Runtime.UserCodeSyntaxError" && cause) this.stack = `${cause.stack ?? cause}`;
    else this.stack = `${name}: ${message}\n${stackLines(this.stack)}`;
  }
}

function stackLines(stack) {
  return String(stack)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}

async function loadHandler(root, name) {
  if (name.includes("..")) {
    throw new RuntimeError(
      "Runtime.MalformedHandlerName",
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const match = /^([^.]*)\.(.*)$/.exec(basename(name));
  if (!match || match[1] === "" || match[2] === "")
    throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  const folder = name.slice(0, name.length - basename(name).length);
  const module = await loadModule(root, folder, match[1]);
  const found = findExport(module, match[2]);
  if (found === undefined)
    throw new RuntimeError("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof found !== "function")
    throw new RuntimeError("Runtime.HandlerNotFound", `${name} is not a function`);
  return found;
}

function findExport(module, path) {
  const walk = (from) =>
    path.split(".").reduce((value, key) => (value == null ? undefined : value[key]), from);
  return walk(module) ?? walk(module?.default);
}

async function loadModule(root, folder, name) {
  const path = resolve(root, folder, name);
  const load = createRequire(join(root, "index.js"));
  try {
    if (existsSync(`${path}.js`)) return await loadScript(load, `${path}.js`);
    if (existsSync(`${path}.mjs`)) return await import(pathToFileURL(`${path}.mjs`).href);
    if (existsSync(`${path}.cjs`)) return load(`${path}.cjs`);
    if (existsSync(path)) return load(path);
    return load(load.resolve(name, { paths: [root, resolve(root, folder)] }));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new RuntimeError("Runtime.UserCodeSyntaxError", String(error), error);
    if (error?.code === "MODULE_NOT_FOUND")
      throw new RuntimeError("Runtime.ImportModuleError", String(error), error);
    throw error;
  }
}

async function loadScript(load, file) {
  if (isModule(dirname(file))) return import(pathToFileURL(file).href);
  try {
    return load(file);
  } catch (error) {
    if (error?.code === "ERR_REQUIRE_ESM" || error?.code === "ERR_REQUIRE_ASYNC_MODULE") {
      return import(pathToFileURL(file).href);
    }
    throw error;
  }
}

function isModule(folder) {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "package.json");
    if (existsSync(file)) {
      try {
        return JSON.parse(readFileSync(file, "utf8")).type === "module";
      } catch {
        return false;
      }
    }
    if (basename(at) === "node_modules" || dirname(at) === at) return false;
  }
}

module.exports = { loadHandler, RuntimeError };
