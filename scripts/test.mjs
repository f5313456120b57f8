// `npm test`: everything that can be checked, from a fresh clone, in one go. One failed step does not keep the others
// from being run; the very last line is the sum: `N passed, N failed`, and `, N skipped` where some were.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  build,
  installPackages,
  npm,
  PROJECT,
  requireNode,
  signalStep,
  step,
  stepsSideBySide,
} from './setup.mjs';

const RESULTS = join(PROJECT, 'build/test-results');
/** The longest first: the others together take as long, beside it. */
const CHECKS = { lint: 'Lint', format: 'Format', types: 'Types', walls: 'Walls', unused: 'Dead code' };
/** Each of them keeps one core busy; more than two at a time would only want more memory. */
const CHECKS_AT_ONCE = 2;
const SUITES = {
  unit: 'Unit tests',
  integration: 'Integration tests',
  e2e: 'End-to-end tests',
  chaos: 'Chaos, quick profile',
};
const STEPS = 2 + Object.keys(CHECKS).length + Object.keys(SUITES).length;

const total = { passed: 0, failed: 0, skipped: 0 };
const failedSteps = [];
const failedTests = [];
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
  await checks();
  await suite('unit');
  const built = await attempt('Build', build);
  await suite('integration');
  if (built) {
    await suite('e2e');
    await suite('chaos');
  } else fail('End-to-end tests and chaos (there is no build)');
}
// Once more at the end, where nobody has to look for them.
for (const name of failedTests) console.log(`FAILED: ${name}`);
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

async function checks() {
  console.log();
  const steps = Object.entries(CHECKS).map(([script, name]) => ({
    name,
    title: `[${++number}/${STEPS}] ${name}`,
    command: npm(['run', '--silent', script]),
  }));
  for (const name of await stepsSideBySide(steps, CHECKS_AT_ONCE, () => !interrupted)) fail(name);
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
    failedTests.push(...results.testResults.flatMap(failuresOf));
  } catch {
    // It did not get as far as writing its results.
  }
  if (done) return;
  if (total.failed === failedBefore) total.failed++;
  failedSteps.push(SUITES[name]);
}

/** One line for each test of a file that failed, or for the file where it did not get as far as its tests. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(PROJECT, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${file}: ${message.trim().split('\n')[0]}`] : [];
  return failed.map((test) => `${file}: ${test.fullName}`);
}

function fail(title) {
  total.failed++;
  failedSteps.push(title);
}
