import { TASK_STATUSES } from '../../../src/domain/task-state.js';
import type { Rule } from './case-file.js';
import type { Finding } from './history.js';

/** I11: the counters of a job are those of its tasks. */
export const countersAgree: Rule = (_history, files) =>
  files.flatMap(({ job, tasks }): Finding[] => {
    const wrong = TASK_STATUSES.flatMap((status) => {
      const there = tasks.filter((task) => task.status === status).length;
      return job.counts[status] === there ? [] : [`${job.counts[status]} ${status}, which are ${there}`];
    });
    return wrong.length === 0
      ? []
      : [{ invariant: 'I11', runId: job.runId, what: `the job counts ${wrong.join('; ')}` }];
  });

/** I11, of a run at rest: no worker holds anything. */
export const nothingRuns: Rule = ({ tasks }) =>
  tasks
    .filter((task) => task.status === 'running')
    .map(({ runId, name }) => ({ invariant: 'I11', runId, what: `the task ${name} is still running` }));

/** I12: no process and no directory of an attempt is left. */
export const nothingOutlives: Rule = ({ leftovers }) =>
  leftovers.map(({ runId, what }) => ({ invariant: 'I12', runId, what }));
