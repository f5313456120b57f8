import { readTasks } from '../../../src/dags/task-structure.js';
import { validateTasks } from '../../../src/domain/dag-faults.js';
import { MAX_TASKS } from '../../../src/domain/graph.js';
import { Random } from '../../chaos/random.js';
import { randomShape } from '../../chaos/workload/dag-shapes.js';
import { planJob } from '../../chaos/workload/job-plan.js';
import { cronDags, randomDags } from '../../chaos/workload/random-dags.js';
import { USUAL_MIX } from '../../chaos/workload/task-kinds.js';

const TRACES = { witnessPath: '/tmp/witness.log', serverUrl: 'http://127.0.0.1:1' };
const dagsOf = (seed: number, mix = USUAL_MIX) => randomDags(new Random(seed), 180, TRACES, mix);

describe('the workload of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(dagsOf(1)).toEqual(dagsOf(1));
    expect(dagsOf(1)).not.toEqual(dagsOf(2));
    expect(planJob(new Random(1), 3, 1)).toEqual(planJob(new Random(1), 3, 1));
  });

  it('has only DAGs that the product takes', () => {
    for (const { name, tasks } of [...dagsOf(3), ...cronDags()]) {
      const read = readTasks(tasks, MAX_TASKS);
      expect({ name, faults: [...read.faults, ...validateTasks(read.tasks)] }).toEqual({ name, faults: [] });
    }
  });

  it('has shapes of 1 to 40 tasks: chains, fans, diamonds and layers, each task behind those it waits for', () => {
    const random = new Random(4);
    const shapes = Array.from({ length: 500 }, () => randomShape(random));
    const sizes = shapes.map((shape) => shape.length);
    expect([Math.min(...sizes), Math.max(...sizes) > 30, Math.max(...sizes) <= 40]).toEqual([1, true, true]);
    for (const shape of shapes)
      shape.forEach((parents, task) => {
        expect(new Set(parents).size).toBe(parents.length);
        for (const parent of parents) expect(parent).toBeLessThan(task);
      });
    const has = (test: (shape: readonly (readonly number[])[]) => boolean) => shapes.filter(test).length;
    const isChain = (parents: readonly number[], task: number) =>
      parents.join() === (task ? `${task - 1}` : '');
    expect(has((shape) => shape.length > 3 && shape.every(isChain))).toBeGreaterThan(10);
    expect(has((shape) => shape.length > 3 && shape.at(-1)!.length === shape.length - 1)).toBeGreaterThan(10);
    expect(
      has((shape) => shape.length > 3 && shape.slice(1).every((one) => one.join() === '0')),
    ).toBeGreaterThan(10);
    expect(has((shape) => shape[3]?.join() === '1,2' && shape[2].join() === '0')).toBeGreaterThan(10);
  });

  it('has some DAGs so wide that their tasks travel in bundles', () => {
    const widths = dagsOf(7).map(
      ({ tasks }) => tasks.filter(({ dependencies }) => dependencies?.join() === 't0').length,
    );
    expect(widths.filter((width) => width >= 100)).toHaveLength(2);
  });

  it('has tasks of every type, most of them in shells; some fail and are cured, some fail for good', () => {
    const tasks = dagsOf(5)
      .filter((dag) => dag.tasks.length < 100)
      .flatMap((dag) => dag.tasks);
    const share = (test: (task: (typeof tasks)[number]) => boolean) =>
      tasks.filter(test).length / tasks.length;
    for (const type of ['noop', 'python', 'http'])
      expect(share((task) => task.task_type === type)).toBeGreaterThan(0.02);
    expect(share((task) => task.task_type === 'shell')).toBeGreaterThan(0.6);
    const fails = (task: (typeof tasks)[number]) =>
      Number((task.config as { env?: { FAILS?: number } } | undefined)?.env?.FAILS ?? 0);
    expect(share((task) => fails(task) > 0 && fails(task) <= task.max_retries!)).toBeGreaterThan(0.05);
    expect(share((task) => fails(task) > task.max_retries!)).toBeGreaterThan(0.01);
  });

  it('has another mix of types where one is asked for', () => {
    const tasks = dagsOf(6, { noop: 0.5, python: 0, http: 0.5, long: 0 })
      .filter((dag) => dag.tasks.length < 100)
      .flatMap((dag) => dag.tasks);
    expect(new Set(tasks.map((task) => task.task_type))).toEqual(new Set(['noop', 'http']));
  });

  it('starts jobs at the pace that is asked for, and cancels, delays, doubles and reruns some', () => {
    const plans = Array.from({ length: 2_000 }, (_, job) =>
      planJob(new Random(6).fork(`job ${job}`), 10, 20),
    );
    const mean = plans.reduce((sum, plan) => sum + plan.gapMs, 0) / plans.length;
    expect(Math.abs(mean - 50)).toBeLessThan(5);
    expect(new Set(plans.map((plan) => plan.dag)).size).toBe(10);
    for (const some of ['cancelAfterMs', 'runInMs', 'rerunFrom'] as const)
      expect(plans.filter((plan) => plan[some] !== null).length).toBeGreaterThan(50);
    expect(plans.filter((plan) => plan.isDoubled).length).toBeGreaterThan(50);
  });
});
