import { spread, table } from '../measure.mjs';
import { counted, figureOf, slowness, titleOf, valuesOf } from './figures.mjs';
import { SYSTEMS } from './systems.mjs';
import { judge, TARGETS } from './targets.mjs';

const DASH = '–';
const number = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : DASH);

/** Ratios of interest differ by a factor of a hundred: three figures of each. */
const ratioText = (value) => number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);

function targetTable(workloads, results, targets = TARGETS) {
  const figure = figureOf(workloads, results);
  const bound = (sign, value) => (value === undefined ? DASH : `${sign} ${value}`);
  const rows = targets.map((target) => {
    const value = target.of(figure);
    const sign = target.atMost === undefined ? '≥' : '≤';
    return [
      target.text,
      ratioText(value),
      bound(sign, target.atMost ?? target.atLeast),
      bound(sign, target.floor),
      judge(target, value) ?? DASH,
    ];
  });
  return table(['ours', 'measured', 'target', 'floor', ''], rows);
}

/** The columns besides the headline, where a workload has the figure. */
const EXTRAS = [
  ['p95', 'p95 ms', 1],
  ['sinkMs', 'sink starts ms', 1],
  ['sinkEndMs', 'sink ends ms', 1],
  ['submitMs', 'accepted after ms', 0],
  ['depth', 'unfinished', 0],
  ['pingP50', 'PING ms', 3],
];

function workloadTable(workload, results, figure) {
  const { id, systems, headline, unit, digits, baseline } = workload;
  const have = (key) => systems.some((system) => valuesOf(results, id, system, key).length > 0);
  const extras = EXTRAS.filter(([key]) => have(key));
  const head = [
    'system',
    `${unit}, median (min–max)`,
    ...(baseline ? [`× as slow as ${titleOf(baseline)}`] : []),
    ...extras.map(([, title]) => title),
    'tasks/s',
    'writes per task',
    'commits per task',
    'WAL bytes per task',
    'each once',
  ];
  const rows = systems.map((system) => {
    const of = (key, places) => {
      const values = valuesOf(results, id, system, key);
      return values.length > 0 ? spread(values, places) : DASH;
    };
    const turns = counted(results, id, system);
    const perSecond =
      turns.length > 0 ? (figure(system, id, 'tasks') * 1_000) / figure(system, id, 'ms') : NaN;
    const isStored = system in (results.commits[id] ?? {});
    return [
      titleOf(system),
      of(headline, digits),
      ...(baseline ? [ratioText(slowness(figure, workload, system))] : []),
      ...extras.map(([key, , places]) => of(key, places)),
      ['rate', 'floor'].includes(workload.kind) ? DASH : number(perSecond, 0),
      ...(isStored
        ? [
            number(figure(system, id, 'writes')),
            number(results.commits[id][system]),
            number(figure(system, id, 'wal'), 0),
          ]
        : [DASH, DASH, DASH]),
      verdict(results, id, system),
    ];
  });
  return table(head, rows);
}

/** Over all turns, also those that do not count. */
function verdict({ turns }, workload, system) {
  const own = turns.filter((turn) => turn.workload === workload && turn.system === system);
  if (own.length === 0) return DASH;
  if (own.some(({ error }) => error)) return 'failed';
  return own.every(({ faults }) => faults.length === 0) ? 'yes' : '**no**';
}

/** What went wrong, in words; empty when nothing did. */
function wrongs({ turns }) {
  return turns
    .filter(({ error, faults }) => error || faults.length > 0)
    .map(({ workload, system, error, faults }) => {
      const words = error ? error.split('\n')[0] : faults.join('; ');
      return `- ${workload}, ${titleOf(system)}: ${words}`;
    });
}

/** The short table: one line per workload, ratios to its baseline. */
export function summary(workloads, results) {
  const figure = figureOf(workloads, results);
  const names = SYSTEMS.map(({ name }) => name).filter((name) =>
    workloads.some(({ systems }) => systems.includes(name)),
  );
  const rows = workloads.map(({ id, systems, unit, digits }) => [
    `${id}, ${unit}`,
    ...names.map((name) => (systems.includes(name) ? number(figure(name, id), digits) : DASH)),
  ]);
  const wrong = wrongs(results);
  const judged = TARGETS.filter(({ of }) => Number.isFinite(of(figure)));
  return [
    table(['median', ...names.map(titleOf)], rows),
    ...(judged.length > 0 ? [targetTable(workloads, results, judged)] : []),
    wrong.length > 0 ? `Wrong:\n${wrong.join('\n')}` : 'Every task was executed exactly once.',
  ].join('\n\n');
}

export function report(workloads, results, name) {
  const { run, idle } = results;
  const figure = figureOf(workloads, results);
  const list = (object) => Object.entries(object).map(([key, value]) => `${key} ${value}`);
  const wrong = wrongs(results);
  const sections = workloads.flatMap((workload) => [
    `## ${workload.id}: ${workload.title}`,
    workload.timed,
    workloadTable(workload, results, figure),
  ]);
  return `${[
    `# Scoreboard of ${run.date}, commit ${run.commit}${run.hasLocalChanges ? ' with local changes' : ''}`,
    `How it was measured and how to read it: [README](README.md). Every sample: [${name}.json](${name}.json).`,
    targetTable(workloads, results),
    `![How many times as slow as its baseline each system is](${name}.svg)`,
    wrong.length > 0
      ? `What went wrong:\n\n${wrong.join('\n')}`
      : 'Every task of every system, in warm rounds as well, was executed exactly once and is stored as it should be.',
    '## Machine, versions, settings',
    [
      `- ${run.machine.cores} cores (${run.machine.cpu}), ${run.machine.memoryGiB} GiB, ${run.machine.system}`,
      `- ${list(run.versions).join(', ')}`,
      `- PostgreSQL: ${list(run.postgresSettings).join(', ')}; Redis: no persistence`,
      `- ${run.options.repeats} repeats after ${run.options.warmRounds} that do not count; drain ${run.options.drainSeconds} s; each rate ${run.options.rungSeconds} s`,
      `- commits per second when idle: ${Object.entries(idle ?? {})
        .map(([system, perSecond]) => `${titleOf(system)} ${perSecond.toFixed(1)}`)
        .join(', ')}`,
    ].join('\n'),
    ...sections,
  ].join('\n\n')}\n`;
}
