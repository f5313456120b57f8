/**
 * `npm run chaos -- --profile full [--seed N] [--plan plan.json] [--record] [--shrink]`: see README.md beside this.
 * Ends with code 0 when nothing was found, 1 when something was, 2 when the run itself did not work.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Fault, readPlan } from './plan.js';
import { planFor, type Profile, PROFILES, runSettings } from './profiles.js';
import { keepReport, type Report } from './report.js';
import { run } from './run.js';
import { shrink } from './shrink.js';

const PROJECT = resolve(import.meta.dirname, '../..');
/** A plan is tried at most so often while it is made smaller. */
const SHRINKING_RUNS = 24;

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'quick' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    jobs: { type: 'string' },
    faults: { type: 'string' },
    backend: { type: 'string' },
    record: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
  },
});

const log = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

async function main(): Promise<number> {
  const profile = profileOf(values.profile);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}, profile ${values.profile}`);
  const plan = values.plan ? readPlan(readFileSync(values.plan, 'utf8')) : planFor(profile, seed);
  const folder = join(PROJECT, 'build/chaos', String(seed));
  const report = await once(profile, seed, plan, folder);
  keepReport(report, plan, folder);
  if (values.record) {
    const date = new Date().toISOString().slice(0, 10);
    const kept = join(PROJECT, 'docs/reliability', `${date}-${report.commit}-${seed}`);
    keepReport(report, plan, kept);
    // Not the logs of the processes: they are long, and say little when nothing was found.
    cpSync(join(folder, 'history'), join(kept, 'history'), {
      recursive: true,
      filter: (path) => !path.endsWith('.log'),
    });
  }
  for (const { invariant, runId, what } of report.findings)
    console.log(`FOUND ${invariant} ${runId ?? ''} ${what}`);
  console.log(`${report.findings.length} findings; report in ${folder}`);
  if (values.shrink && report.findings.length > 0) await makeSmaller(profile, seed, plan, folder);
  return report.findings.length > 0 ? 1 : 0;
}

function profileOf(name: string): Profile {
  const profile = PROFILES[name];
  if (!profile) throw new Error(`There is no profile ${name}: ${Object.keys(PROFILES).join(', ')}`);
  const { backend } = values;
  return {
    ...profile,
    jobs: Number(values.jobs ?? profile.jobs),
    faults: values.faults === undefined ? profile.faults : Number(values.faults),
    arena: backend === 'postgres' || backend === 'redis' ? { ...profile.arena, backend } : profile.arena,
  };
}

async function once(profile: Profile, seed: number, plan: readonly Fault[], folder: string): Promise<Report> {
  const settings = runSettings(profile, values.profile, seed, join(folder, 'history'), log);
  return await run(settings, plan);
}

async function makeSmaller(
  profile: Profile,
  seed: number,
  plan: readonly Fault[],
  folder: string,
): Promise<void> {
  const smallest = await shrink(
    plan,
    async (candidate) => {
      log(`Trying ${candidate.length} faults`);
      const again = await once(profile, seed, candidate, join(folder, 'smaller'));
      return again.findings.length > 0;
    },
    SHRINKING_RUNS,
  );
  writeFileSync(join(folder, 'smallest-plan.json'), JSON.stringify(smallest, null, 2));
  console.log(
    `The smallest plan that still finds something has ${smallest.length} faults: smallest-plan.json`,
  );
}

// Everything that was started is ended by `exit` listeners.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exit(await main());
} catch (error) {
  console.error(error);
  process.exit(2);
}
