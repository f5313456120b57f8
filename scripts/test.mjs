// `npm test`: everything that can be checked, from a fresh clone, in one go. One failed step does not keep the others
// from being run; the very last line is the sum: `N passed, N failed`, and `, N skipped` where some were.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, installPackages, npm, PROJECT, requireNode, signalStep, step } from './setup.mjs';

const RESULTS = join(PROJECT, 'build/test-results');
const CHECKS = { format: 'Format', lint: 'Lint', types: 'Types', walls: 'Walls', unused: 'Dead code' };
const SUITES = { unit: 'Unit tests', integration: 'Integration tests', e2e: 'End-to-end tests' };
const STEPS = 2 + Object.keys(CHECKS).length + Object.keys(SUITES).length;

const total = { passed: 0, failed: 0, skipped: 0 };
const failedSteps = [];
let number = 0;
let interrupted = false;

// A Ctrl-C reaches the step by itself, being in our group; a plain kill does not.
process.on('SIGINT', () => (interrupted = true));
process.on('SIGTERM', () => {
  interrupted = true;
  signalStep('SIGTERM');
});

requireNode();
rmSync(RESULTS, { recursive: true, force: true });
const installed = await attempt('Packages', installPackages);
if (installed) {
  mkdirSync(RESULTS, { recursive: true });
  for (const [script, title] of Object.entries(CHECKS)) await check(title, ['run', '--silent', script]);
  await suite('unit');
  const built = await attempt('Build', build);
  await suite('integration');
  if (built) await suite('e2e');
  else fail('End-to-end tests (there is no build)');
}
for (const title of failedSteps) console.log(`FAILED: ${title}`);
if (interrupted) console.log('Interrupted: not everything was run.');
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
process.exitCode = interrupted ? 130 : total.failed > 0 ? 1 : 0;
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);

async function attempt(title, work) {
  if (interrupted) return false;
  const done = await work(`\n[${++number}/${STEPS}] ${title}`);
  if (!done) fail(title);
  return done;
}

function check(title, command) {
  return attempt(title, (line) => step(line, npm(command)));
}

/** Runs one Jest project and adds what it counted; a suite that broke off counts as one failure at least. */
async function suite(name) {
  if (interrupted) return;
  const file = join(RESULTS, `${name}.json`);
  const failedBefore = total.failed;
  const done = await step(
    `\n[${++number}/${STEPS}] ${SUITES[name]}`,
    npm(['run', '--silent', `test:${name}`, '--', '--json', `--outputFile=${file}`]),
  );
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    total.passed += results.numPassedTests;
    total.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
    total.skipped += results.numPendingTests + results.numTodoTests;
  } catch {
    // It did not get as far as writing its results.
  }
  if (done) return;
  if (total.failed === failedBefore) total.failed++;
  failedSteps.push(SUITES[name]);
}

function fail(title) {
  total.failed++;
  failedSteps.push(title);
}
