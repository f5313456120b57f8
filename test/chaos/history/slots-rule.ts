import { type JobFile, type Rule, groupBy } from './case-file.js';
import type { Finding } from './history.js';
import { signatureOf } from './outputs-rule.js';

interface Span {
  workerId: string;
  from: number;
  to: number;
}

/**
 * I13: no worker works on more attempts at once than it has slots. By the witness: only what it saw begin and end is
 * counted, so nothing is held against a worker that died in between, or was stopped and did not know.
 */
export const slotsAreEnough: Rule = (history, files) =>
  [...mostAtOnce(files)].flatMap(([workerId, most]): Finding[] =>
    most <= history.slots
      ? []
      : [
          {
            invariant: 'I13',
            runId: null,
            what: `the worker ${workerId} worked on ${most} attempts at once`,
          },
        ],
  );

/** By worker. */
export function mostAtOnce(files: readonly JobFile[]): Map<string, number> {
  const spans = files.flatMap((file) => spansOf(file));
  return new Map([...groupBy(spans, (span) => span.workerId)].map(([worker, own]) => [worker, deepest(own)]));
}

function spansOf({ graph, tasks, attempts, witness, replay }: JobFile): Span[] {
  const lines = groupBy(witness, (line) => `${line.task} ${line.attempt} ${line.token}`);
  return graph.names.flatMap((name, idx) =>
    (attempts[idx] ?? []).flatMap((attempt) => {
      const task = tasks[idx];
      const isAccepted = attempt.attempt === task.attempt && replay.tasks[idx].successBy === 'attempt';
      const seen =
        task.type === 'http'
          ? isAccepted && lines.get(`${name} 0 ${signatureOf(task).token}`)
          : witness.filter((line) => line.task === name && line.attempt === attempt.attempt);
      const from = seen && seen.find((line) => line.what === 'start')?.at;
      const to = seen && seen.find((line) => line.what === 'end')?.at;
      return from && to ? [{ workerId: attempt.workerId, from, to }] : [];
    }),
  );
}

function deepest(spans: readonly Span[]): number {
  // What ends at a moment goes before what begins at it.
  const steps = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  steps.sort((one, other) => one.at - other.at || one.by - other.by);
  let most = 0;
  let now = 0;
  for (const { by } of steps) most = Math.max(most, (now += by));
  return most;
}
