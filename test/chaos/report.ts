import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArenaSettings } from './arena.js';
import type { Coverage } from './coverage.js';
import type { ProxyCounts } from './faults/proxy.js';
import type { Finding } from './history/history.js';
import type { Machine } from './machine.js';
import type { Fault } from './plan.js';
import type { Recovery, RecoveryFigures } from './recoveries.js';
import type { HeapSlope, Sample } from './samples.js';
import type { ZombieFigures } from './zombies.js';

/**
 * Everything a run has to say; written as `report.json`, and in words as `report.md`. The invariant of a
 * finding is one of the design's, I1 to I14, or a word for what the harness itself looks at.
 */
export interface Report {
  profile: string;
  seed: number;
  commit: string;
  machine: Machine;
  settings: ArenaSettings & { jobs: number; jobsPerSecond: number };
  findings: Finding[];
  counts: Record<string, number>;
  recoveries: Record<string, RecoveryFigures>;
  recoveriesMeasured: Recovery[];
  zombies: ZombieFigures;
  /** Of a run that looked for what grows; none otherwise. */
  samples: Sample[];
  heapSlopes: HeapSlope[];
  faults: (Fault & { outcome: string })[];
  /** Acknowledgements of commits that were dropped, by what was committed. */
  lostCommits: Record<string, number>;
  connections: { postgres: ProxyCounts; redis: ProxyCounts | null };
  failpoints: Coverage;
  lives: { name: string; ends: string[] }[];
  tookMs: { total: number; faults: number; untilMended: number; untilEnded: number };
}

/** Writes it, with the plan that leads to it again. */
export function keepReport(report: Report, plan: readonly Fault[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan, null, 2));
  writeFileSync(join(folder, 'report.json'), JSON.stringify(report, null, 2));
  writeFileSync(join(folder, 'report.md'), inWords(report));
}

/** The report in words. */
function inWords(report: Report): string {
  const { machine, tookMs, failpoints, settings } = report;
  const kinds = countBy(report.faults, ({ kind }) => kind);
  const points = failpoints.seen.filter(
    (name) => failpoints.crashedBefore[name] > 0 && failpoints.crashedAfter[name] > 0,
  );
  return [
    `# Run \`${report.profile}\`, seed ${report.seed}, commit ${report.commit}`,
    '',
    `${settings.apis} api, ${settings.schedulers} schedulers, ${settings.workers} workers of ${settings.slots} slots, queues on ${settings.backend}, lease ${settings.leaseSeconds} s, fsync ${settings.fsync}.`,
    `${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, PostgreSQL ${machine.postgres}, Redis ${machine.redis ?? 'none'}.`,
    `${(tookMs.total / 1_000).toFixed(0)} s in all; faults for ${(tookMs.untilMended / 1_000).toFixed(0)} s, everything had ended after ${(tookMs.untilEnded / 1_000).toFixed(0)} s.`,
    '',
    `## Findings: ${report.findings.length}`,
    '',
    ...report.findings.map(({ invariant, runId, what }) => `* **${invariant}** ${runId ?? ''} ${what}`),
    '',
    '## Counts',
    '',
    ...table(['what', 'count'], Object.entries(report.counts)),
    '',
    '## Recoveries',
    '',
    'Undisturbed: no other outage began meanwhile.',
    '',
    ...table(
      ['what', 'count', 'p50 ms', 'p99 ms', 'max ms', 'undisturbed', 'p99 ms', 'max ms', 'never'],
      Object.entries(report.recoveries).map(([kind, one]) => [
        kind,
        one.count,
        one.p50Ms,
        one.p99Ms,
        one.maxMs,
        one.undisturbed,
        one.undisturbedP99Ms,
        one.undisturbedMaxMs,
        one.never,
      ]),
    ),
    '',
    '## Workers that stood still beyond their lease',
    '',
    ...table(['what', 'count'], Object.entries(report.zombies)),
    '',
    ...growth(report),
    '## Faults',
    '',
    ...table(['kind', 'count'], Object.entries(kinds)),
    '',
    `Acknowledgements of commits dropped: ${sum(report.lostCommits)}.`,
    '',
    ...table(['what was committed', 'dropped'], Object.entries(report.lostCommits)),
    '',
    `## Failpoints: crashed before and after ${points.length} of ${failpoints.seen.length} statements that were run`,
    '',
    ...table(
      ['statement', 'crashed before', 'crashed after'],
      failpoints.seen.map((name) => [
        name,
        failpoints.crashedBefore[name] ?? 0,
        failpoints.crashedAfter[name] ?? 0,
      ]),
    ),
    '',
    `Not run: ${failpoints.unseen.join(', ') || 'none'}.`,
    '',
    ...table(['failed without a crash', 'count'], Object.entries(failpoints.others)),
    '',
    '## Processes',
    '',
    ...table(
      ['process', 'lives', 'ended by'],
      report.lives.map(({ name, ends }) => [
        name,
        ends.length,
        Object.entries(countBy(ends, (end) => end))
          .map(([end, count]) => `${count} × ${end}`)
          .join(', '),
      ]),
    ),
    '',
  ].join('\n');
}

/** What was held in the first and in the last quarter of the run, and how heaps grew between. */
function growth({ samples, heapSlopes }: Report): string[] {
  if (samples.length === 0) return [];
  const quarter = Math.ceil(samples.length / 4);
  const most = (of: (sample: Sample) => number) =>
    [samples.slice(0, quarter), samples.slice(-quarter)].map((part) => Math.max(...part.map(of)));
  return [
    `## What is held, over ${samples.length} samples`,
    '',
    ...table(
      ['most of', 'first quarter', 'last quarter'],
      [
        ['connections to PostgreSQL', ...most(({ connections }) => connections)],
        ['clients of Redis', ...most(({ redisClients }) => redisClients ?? 0)],
        ['running tasks', ...most(({ runningTasks }) => runningTasks)],
        ['directories', ...most(({ directories }) => directories)],
      ],
    ),
    '',
    ...table(
      ['process', 'minutes', 'samples', 'first MiB', 'last MiB', 'MiB per 10 minutes'],
      heapSlopes.map((one) => [
        one.name,
        one.minutes,
        one.samples,
        one.firstMiB,
        one.lastMiB,
        one.slopeMiBPer10Minutes,
      ]),
    ),
    '',
  ];
}

function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string[] {
  const line = (cells: readonly (string | number | null)[]) =>
    `| ${cells.map((cell) => String(cell ?? '–').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)));
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
