// Runs collections with newman, one after another in one process: node run.js HOME MANIFEST RESULT (newman is installed in HOME)
// MANIFEST: [{collection, environment, folder}]; RESULT: for each {checks: [[request, check, held]], errors: [request]}.
"use strict";

const fs = require("fs");
const { createRequire } = require("module");
const path = require("path");

const [home, manifest, result] = process.argv.slice(2);
const newman = createRequire(path.join(home, "x.js"))("newman");

function played({ collection, environment, folder }) {
  const values = Object.entries(environment).map(([key, value]) => ({ key, value, enabled: true }));
  const options = { collection, environment: { values }, workingDir: folder, reporters: [], timeoutRequest: 10000 };
  const checks = [], errors = [];
  return new Promise((resolve) => {
    newman.run(options, (error) => resolve({ checks, errors, broken: error ? String(error) : null }))
      .on("assertion", (error, { assertion, skipped, item }) => { if (!skipped) checks.push([item.name, assertion, !error]); })
      .on("script", (error, { item }) => { if (error) errors.push(item.name); })
      .on("request", (error, { item }) => { if (error) errors.push(item.name); });
  });
}

(async () => {
  const found = [];
  for (const each of JSON.parse(fs.readFileSync(manifest))) found.push(await played(each));
  fs.writeFileSync(result, JSON.stringify(found));
})();
