import { type JobFile, type Rule, replayFaults } from './case-file.js';
import type { Finding } from './history.js';

/**
 * I10: the events of a job are numbered without a gap and in the order of time, the job knows the last one, and what they
 * tell is what the rows say.
 */
export const eventsAreComplete: Rule = (_history, files) => [
  ...replayFaults(files, 'I10'),
  ...files.flatMap((file) => numbers(file)),
  ...files.flatMap((file) => states(file)),
];

function numbers({ job, events }: JobFile): Finding[] {
  const finding = (what: string): Finding[] => [{ invariant: 'I10', runId: job.runId, what }];
  const gap = events.findIndex((event, place) => event.seq !== place + 1);
  if (gap >= 0) return finding(`event ${gap + 1} is missing: ${events[gap].seq} is in its place`);
  if (job.lastSeq !== events.length)
    return finding(`the job has ${events.length} events, and takes ${job.lastSeq} for the last`);
  const back = events.findIndex((event, place) => place > 0 && event.at < events[place - 1].at);
  return back >= 0 ? finding(`event ${events[back].seq} is older than the one before it`) : [];
}

function states({ job, tasks, graph, replay }: JobFile): Finding[] {
  const differences: string[] = [];
  if (job.status !== replay.status) differences.push(`the job is ${job.status}, not ${replay.status}`);
  if (tasks.length !== graph.names.length)
    differences.push(`it has ${tasks.length} tasks of ${graph.names.length}`);
  for (const { idx, name, status, attempt } of tasks) {
    const told = replay.tasks[idx];
    if (told === undefined || (told.status === status && told.attempt === attempt)) continue;
    differences.push(`${name} is ${status} (attempt ${attempt}), not ${told.status} (${told.attempt})`);
  }
  if (differences.length === 0) return [];
  return [{ invariant: 'I10', runId: job.runId, what: `by the events, ${differences.join('; ')}` }];
}
