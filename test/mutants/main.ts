/*
 * `npm run mutants [-- --only <part of a name>]`: breaks a copy of the project in each of the listed ways and runs the test
 * that is to notice. First the tests run unbroken, since a test that always fails notices nothing.
 * Exit code 1: a mutant survived, or the unbroken tests failed.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Mutant, MUTANTS } from './mutants.js';
import { Workshop } from './workshop.js';

const LIMIT_MS = 300_000;
const PROJECT = join(import.meta.dirname, '..', '..');

/** What fails because of how it is written, and not because of what it does. */
const CANNOT_RUN = /Test suite failed to run|SyntaxError|syntax error at or near/;

type Verdict = 'passed' | 'failed' | 'took too long';

const only = process.argv.indexOf('--only');
const wanted = only === -1 ? '' : process.argv[only + 1];
const mutants = MUTANTS.filter(({ name }) => name.includes(wanted));
const workshop = new Workshop(PROJECT);
let running: number | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop();
    workshop.remove();
    process.exit(130);
  });
}

try {
  process.exitCode = (await isSound()) && (await caughtOf(mutants)) === mutants.length ? 0 : 1;
} finally {
  workshop.remove();
}

/** Whether nothing fails while nothing is broken. */
async function isSound(): Promise<boolean> {
  for (const command of new Set(mutants.flatMap(({ commands }) => commands))) {
    const { verdict, seconds } = await run(command);
    console.log(`unbroken: ${verdict} in ${seconds} s (${command})`);
    if (verdict !== 'passed') return false;
  }
  return true;
}

async function caughtOf(all: readonly Mutant[]): Promise<number> {
  let caught = 0;
  for (const mutant of all) {
    workshop.apply(mutant.edits);
    const by = await catcherOf(mutant);
    workshop.restore(mutant.edits);
    if (by !== null) caught += 1;
    console.log(`${mutant.name}: ${by ?? 'SURVIVED'} (${mutant.what})`);
  }
  console.log(`${caught} of ${all.length} mutants caught`);
  return caught;
}

async function catcherOf(mutant: Mutant): Promise<string | null> {
  for (const command of mutant.commands) {
    const { verdict, seconds, output } = await run(command);
    if (CANNOT_RUN.test(output))
      throw new Error(`${mutant.name} is no mutant, it does not even run:\n${output}`);
    if (verdict === 'passed') continue;
    return `caught by ${command.split(' ').at(-1)} in ${seconds} s: ${verdict === 'failed' ? reasonIn(output) : verdict}`;
  }
  return null;
}

/** The first thing that a test had to say; of a comparison, the first lines that differ. */
function reasonIn(output: string): string {
  const cause = output.indexOf('Cause:');
  const [, first = 'it said nothing', ...more] = output
    .slice(cause === -1 ? output.indexOf('●') : cause)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const differing = more.filter((line) => /^\s*[-+] {2,}/.test(line)).slice(0, 2);
  const said = first.includes('expect(') && differing.length > 0 ? differing : [first];
  return said.map((line) => line.trim().replace(/\s+/g, ' ').slice(0, 120)).join(' ');
}

interface Run {
  verdict: Verdict;
  seconds: number;
  output: string;
}

/** A test that hangs has noticed something too; it is ended with all it started. */
async function run(command: string): Promise<Run> {
  const startedAt = performance.now();
  const child = spawn(command, { cwd: workshop.directory, shell: true, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += String(piece)));
  running = child.pid ?? null;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, LIMIT_MS);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  running = null;
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  return { verdict: isLate ? 'took too long' : code === 0 ? 'passed' : 'failed', seconds, output };
}

function stop(): void {
  if (running !== null) process.kill(-running, 'SIGKILL');
}
