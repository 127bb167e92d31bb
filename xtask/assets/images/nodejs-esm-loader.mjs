// Lets ES modules import packages from the directories of NODE_PATH, as on AWS: Node.js itself looks there for
// CommonJS modules only.
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";

// The importers that a package of each directory named node_modules is found from.
const importers = (process.env.NODE_PATH ?? "")
  .split(":")
  .filter((path) => basename(path) === "node_modules")
  .map((path) => pathToFileURL(`${dirname(path)}/index.mjs`).href);

const isBare = (specifier) => !/^(\.{0,2}\/|[a-z]+:)/.test(specifier);

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !isBare(specifier)) {
      throw error;
    }
    for (const parentURL of importers) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch {
        // The next directory may have it.
      }
    }
    throw error;
  }
}
