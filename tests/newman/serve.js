// Runs one collection for each line of its input with newman: node serve.js HOME (where newman is installed).
// A line: {collection, environment, folder}; the answer, a line too: {error: text or null}.
"use strict";

const { createRequire } = require("module");
const path = require("path");
const readline = require("readline");

const newman = createRequire(path.join(process.argv[2], "x.js"))("newman");

function played({ collection, environment, folder }) {
  const values = Object.entries(environment).map(([key, value]) => ({ key, value, enabled: true }));
  const options = { collection, environment: { values }, workingDir: folder, reporters: [], timeoutRequest: 10000 };
  return new Promise((resolve) => newman.run(options, (error) => resolve({ error: error ? String(error) : null })));
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await played(JSON.parse(line)))}\n`);
  }
})();
