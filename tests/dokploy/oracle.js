// What Dokploy makes of texts: node oracle.js HOME (its packages are installed in HOME); one JSON line in, one JSON line out.
// {"yaml": text} is parsed and written as packages/server/src/utils/docker/domain.ts of Dokploy does, {"env": text} parsed,
// {"toml": text} parsed as packages/server/src/templates does.
"use strict";

const { createRequire } = require("module");
const path = require("path");
const readline = require("readline");

const load = createRequire(path.join(process.argv[2], "x.js"));
const { parse, stringify } = load("yaml");
const dotenv = load("dotenv");
const toml = load("toml");
process.removeAllListeners("warning");
process.on("warning", () => {});

function answer({ yaml, env, toml: template }) {
  if (env !== undefined) return { found: Object.entries(dotenv.parse(env)) };
  try {
    if (template !== undefined) return { found: toml.parse(template) };
    return { found: stringify(parse(yaml, { maxAliasCount: 10000 }), { lineWidth: 1000 }) };
  } catch (error) {
    return { refused: String(error.message) };
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => console.log(JSON.stringify(answer(JSON.parse(line)))));
