// Runs every behaviour with one SDK and prints one JSON line for each.
//
// `node run.mjs <project> <version> <place> <left out>`: an npm project that has
// @google/genai in that version, the servers as JSON (see context.mjs), and a JSON list
// of the behaviours that this SDK cannot express. `node run.mjs --list` prints the
// names only. A line is {name, ok} or {name, ok: false, why}. Nothing is retried here.

import { pathToFileURL } from "node:url";

import { behaviours } from "./behaviours/index.mjs";

const BOUND_MILLISECONDS = 300_000;
const SIDE_BY_SIDE = 8;

// The answers are the only lines on the output; SDKs warn of experiments.
console.warn = () => {};
console.debug = () => {};

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function bounded(work) {
  let timer;
  const late = new Promise((_, reject) => {
    const fail = () => reject(new Error(`not done in ${BOUND_MILLISECONDS} ms`));
    timer = setTimeout(fail, BOUND_MILLISECONDS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reason(error, context) {
  const said = error?.stack ?? String(error);
  const exchanges = context.exchanges.map(
    ({ method, url, status }) => `${method} ${url.pathname}${url.search} ${status}`,
  );
  return [String(error?.message), said, ...exchanges].join("\n").slice(0, 4000);
}

async function main(project, version, servers, leftOut) {
  const { recording } = await import("./recorder.mjs");
  const { Context, place } = await import("./context.mjs");
  Object.assign(place, JSON.parse(servers));
  const sdk = await import(pathToFileURL(`${project}/sdk.mjs`).href);
  const left = new Set(JSON.parse(leftOut));
  const queue = behaviours.filter(([name]) => !left.has(name));
  async function work() {
    while (queue.length > 0) {
      const [name, behave] = queue.shift();
      const context = new Context({ sdk, version, name });
      try {
        await recording(context.exchanges, () => bounded(behave(context)));
        print({ name, ok: true });
      } catch (error) {
        print({ name, ok: false, why: reason(error, context) });
      }
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  // Streams that a behaviour left behind must not keep the program alive.
  process.exit(0);
}

if (process.argv[2] === "--list") {
  for (const [name] of behaviours) print({ name });
} else {
  await main(...process.argv.slice(2));
}
