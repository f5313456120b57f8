import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { Arena, type ArenaSettings } from './arena.js';
import { coverageOf } from './coverage.js';
import { checkHistory } from './history/check-history.js';
import { slotsThatAreGone } from './full-house.js';
import { keepHistory } from './keep-history.js';
import { inject } from './inject.js';
import { leaksAfterEnd, leaksAtRest } from './leaks.js';
import { machine } from './machine.js';
import { endOfPlanMs, type Fault } from './plan.js';
import { Recoveries, recoveryFigures } from './recoveries.js';
import type { Finding } from './history/history.js';
import type { Report } from './report.js';
import { heapSlopes, sample } from './samples.js';
import { Zombies } from './zombies.js';
import { engineStatements } from './statements.js';
import type { TaskMix } from './workload/task-kinds.js';
import { Workload } from './workload/workload.js';

export interface RunSettings {
  profile: string;
  seed: number;
  arena: ArenaSettings;
  jobs: number;
  jobsPerSecond: number;
  mix?: TaskMix;
  /** From the last fault until everything must have ended. */
  endsWithinMs: number;
  /** How often everything is looked at, for what grows; null: never. */
  sampleEveryMs: number | null;
  /** Where events, attempts, witnesses and logs are kept; null: nowhere. */
  keepIn: string | null;
  log: (line: string) => void;
}

const PROGRESS_MS = 5_000;

/**
 * One run: an arena, a workload, the faults of the plan meanwhile; then everything is mended, ends, is stopped cleanly, and
 * is looked at. What is wrong is in the report's findings; only what keeps the run itself from going on is thrown.
 */
export async function run(settings: RunSettings, plan: readonly Fault[]): Promise<Report> {
  const beganAt = Date.now();
  const { log } = settings;
  const arena = await Arena.open(settings.arena);
  const progress = new AbortController();
  try {
    log(
      `The arena is up after ${seconds(Date.now() - beganAt)}: ${arena.members.map(({ name }) => name).join(', ')}`,
    );
    const findings: Finding[] = [];
    const find = (invariant: string, whats: readonly string[]) =>
      findings.push(...whats.map((what) => ({ invariant, runId: null, what })));
    const recoveries = new Recoveries(arena);
    const zombies = new Zombies(arena);
    const workload = new Workload({
      seed: settings.seed,
      jobs: settings.jobs,
      jobsPerSecond: settings.jobsPerSecond,
      mix: settings.mix,
      witnessDirectory: arena.witnessDirectory,
      apiUrls: () => arena.apiUrls,
      log,
    });
    const startedAt = Date.now();
    let done = 0;
    void tell(progress.signal, () => {
      const { started, ended, tasks } = workload.progress;
      log(
        `${seconds(Date.now() - startedAt)}: ${started} jobs started, ${ended} ended, ${tasks} tasks; ${done} of ${plan.length} faults`,
      );
    });

    const working = workload.run();
    working.catch(() => undefined); // heard of below
    // Without work there is nothing for faults to hit.
    await eventually(() => assert(workload.progress.started > 0), { timeoutMs: 60_000 });
    const firstAt = Date.now();
    const outcomes = plan.map(async (fault) => {
      await pause(Math.max(0, firstAt + fault.atMs - Date.now()));
      const outcome = await inject(arena, fault, { recoveries, zombies }).catch(
        (error) => `not possible: ${messageOf(error)}`,
      );
      done++;
      return { ...fault, outcome };
    });
    const sampling = new AbortController();
    const { sampleEveryMs } = settings;
    const samples = sampleEveryMs === null ? [] : sample(arena, sampleEveryMs, sampling.signal);
    await Promise.all([working, ...outcomes]);
    sampling.abort();
    const faults = await Promise.all(outcomes);

    const mendedAt = Date.now();
    log(`All faults are over after ${seconds(mendedAt - startedAt)}; everything is mended and has to end`);
    find('mended', await faultOf(arena.repair()));
    find('ended', await faultOf(workload.ended(settings.endsWithinMs)));
    const endedAt = Date.now();
    find('leak', await slotsThatAreGone(arena).catch((error) => [messageOf(error)]));
    find('leak', await leaksAtRest(arena));
    find('exit', await arena.stopProcesses());
    find('leak', await leaksAfterEnd(arena));
    find('exit', unexpectedEnds(arena));

    const history = await checkHistory({
      databaseUrl: arena.postgres.url,
      witnessDirectory: arena.witnessDirectory,
      accepted: workload.accepted,
      slots: settings.arena.slots,
    });
    const standing = await zombies.verdict();
    findings.push(...history.findings, ...standing.findings);
    if (settings.keepIn !== null) await keepHistory(arena, settings.keepIn);
    return {
      profile: settings.profile,
      seed: settings.seed,
      ...(await machine(arena)),
      settings: { ...settings.arena, jobs: settings.jobs, jobsPerSecond: settings.jobsPerSecond },
      findings,
      counts: { ...history.counts, jobs: workload.accepted.size, faults: plan.length },
      recoveries: recoveryFigures(recoveries.found),
      recoveriesMeasured: recoveries.found,
      zombies: standing.figures,
      samples: await samples,
      heapSlopes: heapSlopes(await samples),
      faults,
      lostCommits: Object.fromEntries(arena.postgres.commits.dropped),
      connections: { postgres: arena.postgres.proxy.counts, redis: arena.redis?.proxy.counts ?? null },
      failpoints: coverageOf(arena.journal(), engineStatements()),
      lives: arena.members.map(({ name, lives }) => ({
        name,
        ends: lives.map(
          ({ cause, exit }) => `${cause ?? 'by itself'} (${exit?.signal ?? exit?.code ?? 'runs'})`,
        ),
      })),
      tookMs: {
        total: Date.now() - beganAt,
        faults: endOfPlanMs(plan),
        untilMended: mendedAt - startedAt,
        untilEnded: endedAt - startedAt,
      },
    };
  } finally {
    progress.abort();
    await arena.close();
  }
}

/** Processes that ended without any fault's doing: the product must survive everything but a kill. */
function unexpectedEnds(arena: Arena): string[] {
  return arena.members.flatMap(({ name, lives }) =>
    lives
      .filter(({ cause }) => cause === null)
      .map(({ pid, exit, lastLines }) =>
        [`${name} (${pid}) ended by itself: ${JSON.stringify(exit)}`, ...lastLines].join('\n'),
      ),
  );
}

async function faultOf(work: Promise<unknown>): Promise<string[]> {
  return await work.then(
    () => [],
    (error) => [messageOf(error)],
  );
}

async function tell(signal: AbortSignal, line: () => void): Promise<void> {
  while (!signal.aborted) {
    await pause(PROGRESS_MS, null, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) line();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
