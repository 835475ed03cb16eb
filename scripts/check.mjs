/**
 * `npm run check`: every rule of the house that needs no server. Two steps run at a time, the
 * longest first; a step's output is shown only when it fails. `npm run check -- types lint` runs
 * the named steps alone. With `REPRISE_TEST_RESULTS`, vitest's JSON report of the unit tests is
 * written there as `unit.json`.
 */
import { join } from 'node:path';
import process from 'node:process';
import { runStep } from './run-step.mjs';

const results = process.env.REPRISE_TEST_RESULTS;
const report = results ? ` --reporter json --outputFile.json=${join(results, 'unit.json')}` : '';

const steps = {
  lint: 'eslint . --max-warnings 0',
  unit: `vitest run --project unit --project architecture --reporter default${report}`,
  types: 'tsc -p .',
  unused: 'knip --no-progress',
  schemas: 'tsx src/cli/main.ts schemas generate --check',
  history: 'tsx src/cli/main.ts schemas check --no-registry',
  format: 'biome check .',
};
const PARALLEL = 2;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`check: no step ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}

const waiting = Object.entries(steps).filter(
  ([name]) => wanted.length === 0 || wanted.includes(name),
);
/** @type {string[]} */
const failed = [];
const began = performance.now();

async function runNext() {
  const next = waiting.shift();
  if (next === undefined) return;
  const [name, command] = next;
  const { exitCode, output, seconds } = await runStep(command);
  console.log(`${exitCode === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds.toFixed(1)} s`);
  if (exitCode !== 0) {
    failed.push(name);
    console.log(`--- ${command}\n${output.trimEnd()}\n--- end of ${name}`);
  }
  await runNext();
}

await Promise.all(Array.from({ length: PARALLEL }, runNext));
const seconds = ((performance.now() - began) / 1000).toFixed(1);
if (failed.length > 0) {
  console.log(`check failed in ${seconds} s: ${failed.join(', ')}`);
  process.exit(1);
}
console.log(`check passed in ${seconds} s`);
