import { type JobFile, type Rule, replayFaults } from './case-file.js';
import type { Finding } from './history.js';

/** Of the witness: its server tells time in milliseconds. */
const SLACK_US = 1_000;

/** I3: no task is queued, claimed or worked on before every task above it has succeeded. */
export const parentsComeFirst: Rule = (_history, files) => [
  ...replayFaults(files, 'I3'),
  ...files.flatMap((file) => file.graph.parents.flatMap((parents, idx) => workedEarly(file, parents, idx))),
];

/** I8: a retry is neither queued nor claimed before the time that its failure stored. */
export const retriesWait: Rule = (_history, files) =>
  files.flatMap((file) => file.graph.names.flatMap((name, idx) => retriedEarly(file, name, idx)));

/** By the witness alone: the first work of a task against the accepted work of each task above it. */
function workedEarly(
  { job, graph, witness, replay }: JobFile,
  parents: readonly number[],
  idx: number,
): Finding[] {
  const started = witness
    .filter((line) => line.task === graph.names[idx] && line.what === 'start')
    .reduce((first, line) => Math.min(first, line.at), Infinity);
  if (started === Infinity) return [];
  return parents.flatMap((parent) => {
    // What is resolved by hand, or reused, has done nothing that could be seen.
    if (replay.tasks[parent].successBy !== 'attempt') return [];
    const { attempt } = replay.tasks[parent];
    const done = witness
      .filter((line) => line.task === graph.names[parent] && line.what === 'end')
      .filter((line) => line.attempt === attempt)
      .reduce((last, line) => Math.max(last, line.at), -Infinity);
    if (done <= started + SLACK_US) return [];
    const what = `the task ${graph.names[idx]} began ${done - started} µs before ${graph.names[parent]} was done`;
    return [{ invariant: 'I3', runId: job.runId, what }];
  });
}

function retriedEarly({ job, events, attempts }: JobFile, name: string, idx: number): Finding[] {
  return events
    .filter((event) => event.type === 'task.retrying' && event.task === name)
    .flatMap((event) => {
      const due = Date.parse(String(event.data['next_retry_at'])) * 1_000;
      const next = (event.attempt ?? 0) + 1;
      const queued = events.find(
        (one) => one.type === 'task.queued' && one.task === name && one.attempt === next,
      );
      const claimed = attempts[idx]?.find((one) => one.attempt === next);
      const first = Math.min(queued?.at ?? Infinity, claimed?.startedAt ?? Infinity);
      if (first >= due) return [];
      const what = `attempt ${next} of ${name} came ${due - first} µs before its time`;
      return [{ invariant: 'I8', runId: job.runId, what }];
    });
}
