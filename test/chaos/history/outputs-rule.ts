import type { Json } from '../../../src/domain/json.js';
import type { JobFile, Rule } from './case-file.js';
import type { Finding, TaskRow } from './history.js';

/**
 * I6 and I2, by what tasks of the workload return: an accepted output names the attempt and the process (or the request)
 * that made it. It must be the attempt that was accepted, and the witness must have seen that one done.
 */
export const outputsAreOfTheirAttempts: Rule = (history, files) => {
  const ours = new Set(history.dags.filter((dag) => dag.isOurs).map((dag) => dag.id));
  return files
    .filter((file) => ours.has(file.job.dagId))
    .flatMap((file) => file.tasks.flatMap((task) => check(file, task)));
};

function check({ job, witness, replay }: JobFile, task: TaskRow): Finding[] {
  const isByAttempt = replay.tasks[task.idx]?.successBy === 'attempt';
  if (task.status !== 'succeeded' || !isByAttempt || task.type === 'noop') return [];
  const { attempt, token } = signatureOf(task);
  const finding = (invariant: string, what: string): Finding[] => [
    { invariant, runId: job.runId, what: `the task ${task.name} ${what}` },
  ];
  if (attempt !== 0 && attempt !== task.attempt)
    return finding('I6', `ended with attempt ${task.attempt}, and its output is of attempt ${attempt}`);
  const isSeen = witness.some(
    (line) =>
      line.what === 'end' && line.task === task.name && line.attempt === attempt && line.token === token,
  );
  return isSeen
    ? []
    : finding('I2', `succeeded with attempt ${task.attempt}, which the witness has not seen done`);
}

/** Of an http task, what the server said in its answer: it knows the request and not the attempt. */
export function signatureOf({ type, output }: TaskRow): { attempt: number; token: number } {
  const value = type === 'http' ? field(output, 'body') : output;
  return {
    attempt: type === 'http' ? 0 : Number(field(value, 'attempt') ?? -1),
    token: Number(field(value, 'token') ?? -1),
  };
}

function field(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value[name] : undefined;
}
