import type { Schemas } from '../../../client/index.js';
import { PRIORITIES } from '../../../src/domain/priority.js';
import type { Random } from '../random.js';
import { randomShape, wideShape } from './dag-shapes.js';
import { randomTask, type TaskMix, type Traces } from './task-kinds.js';

type Dag = Schemas['CreateDag'];

/** The names of the workload's DAGs begin with this; whatever else runs on the installation is not touched. */
export const DAG_PREFIX = 'workload-';
const CRON_DAGS = 2;

export function isOurs(dagName: string): boolean {
  return dagName.startsWith(DAG_PREFIX);
}

/** Of so many DAGs one is wide. */
const WIDE_EVERY = 30;
/** Of a wide DAG: most of a hundred tasks do nothing, or little else would run beside them. */
const WIDE_MIX: TaskMix = { noop: 0.9, python: 0, http: 0, long: 0 };

/** As many different DAGs as so many jobs are worth. */
export function randomDags(random: Random, jobs: number, traces: Traces, mix: TaskMix): Dag[] {
  const count = Math.max(3, Math.min(60, Math.ceil(jobs / 3)));
  return Array.from({ length: count }, (_, number) =>
    randomDag(random.fork(`dag ${number}`), number, traces, mix),
  );
}

function randomDag(random: Random, number: number, traces: Traces, mix: TaskMix): Dag {
  const isWide = number % WIDE_EVERY === 1;
  const tasks = (isWide ? wideShape() : randomShape(random)).map((parents, task) => {
    const dependencies = parents.map((parent) => `t${parent}`);
    return randomTask(random, { name: `t${task}`, dependencies }, traces, isWide ? WIDE_MIX : mix);
  });
  return { name: `${DAG_PREFIX}${number}`, priority: random.pick(PRIORITIES), tasks };
}

/** DAGs with a tick every second, and little to do. */
export function cronDags(): Dag[] {
  return Array.from({ length: CRON_DAGS }, (_, number) => ({
    name: `${DAG_PREFIX}cron-${number}`,
    cron_expression: '* * * * * *',
    priority: PRIORITIES[number],
    tasks: [
      { name: 'first', task_type: 'noop' },
      { name: 'second', task_type: 'noop', dependencies: ['first'] },
    ],
  }));
}
