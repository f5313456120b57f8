import fc from 'fast-check';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import { noop } from '../../support/engine.js';

/** Small DAGs of every shape; retries at once or after hours, as many as none. */
export function randomDags(size: {
  dags: number;
  tasks: number;
  delays: readonly number[];
}): fc.Arbitrary<TaskSpec[][]> {
  const task = fc.record({
    parents: fc.array(fc.nat(size.tasks - 1), { maxLength: 3 }),
    maxRetries: fc.nat(2),
    delay: fc.constantFrom(...size.delays),
  });
  const dag = fc.array(task, { minLength: 1, maxLength: size.tasks }).map((tasks) =>
    tasks.map(({ parents, maxRetries, delay }, idx) =>
      noop(
        `t${idx}`,
        [...new Set(parents.filter((parent) => parent < idx))].map((parent) => `t${parent}`),
        {
          max_retries: maxRetries,
          retry_base_delay: delay,
          retry_max_delay: 3 * delay,
        },
      ),
    ),
  );
  return fc.array(dag, { minLength: 1, maxLength: size.dags });
}
