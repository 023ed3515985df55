// node componentize.mjs SOURCE WIT WORLD OUT: a component of one JavaScript module, without any feature of the engine
// that would import something.
import { readFile, writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const [source, wit, world, out] = process.argv.slice(2);
const { component } = await componentize({
  sourcePath: source,
  witWorld: await readFile(wit, "utf8"),
  worldName: world,
  disableFeatures: ["random", "stdio", "clocks", "http", "fetch-event"],
});
await writeFile(out, component);
