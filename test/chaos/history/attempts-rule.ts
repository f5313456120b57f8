import { type JobFile, type Rule, groupBy, replayFaults } from './case-file.js';
import type { AttemptRow, Finding, Outcome } from './history.js';
import type { ReplayedAttempt } from './replay-events.js';

const UNCHARGED: readonly Outcome[] = ['lost', 'drained'];

/** I2: attempts are numbered without a gap and are those of the events; each was worked on once, by its own claim. */
export const attemptsAreSingle: Rule = (history, files) => {
  const ours = new Set(history.dags.filter((dag) => dag.isOurs).map((dag) => dag.id));
  return [
    ...replayFaults(files, 'I2'),
    ...files.flatMap((file) => [
      ...file.attempts.flatMap((attempts, idx) => numbering(file, idx, attempts)),
      ...(ours.has(file.job.dagId) ? file.tasks.flatMap((task) => work(file, task.idx)) : []),
    ]),
  ];
};

/** I6: a lost or drained attempt has no result; every claim has a lease of its own. (Outputs: see outputs-rule.) */
export const staleLeasesAreRefused: Rule = (history, files) => {
  const findings = files.flatMap((file) =>
    file.attempts.flatMap((attempts, idx) => contradictions(file, idx, attempts)),
  );
  for (const [lease, holders] of groupBy(history.attempts, (attempt) => attempt.lease)) {
    if (holders.length === 1) continue;
    const names = holders.map((one) => `${one.runId}.${one.idx}.${one.attempt} (${one.outcome})`);
    findings.push({
      invariant: 'I6',
      runId: holders[0].runId,
      what: `the lease ${lease} ended ${names.join(' and ')}`,
    });
  }
  return findings;
};

/** I7: what was lost or drained is not charged; a task has all the attempts that its retries allow, and not more. */
export const lossesAreFree: Rule = (_history, files) =>
  files.flatMap(({ job, tasks, replay }) =>
    tasks.flatMap((task) => {
      const finding = (what: string): Finding[] => [
        { invariant: 'I7', runId: job.runId, what: `the task ${task.name} ${what}` },
      ];
      const failures = replay.tasks[task.idx]?.charged ?? 0;
      if (task.charged !== failures)
        return finding(`is charged ${task.charged} attempts, and ${failures} failed`);
      const allowed = task.maxRetries + 1;
      if (task.charged > allowed) return finding(`is charged ${task.charged} attempts of ${allowed}`);
      const early = replay.tasks[task.idx]?.buriedAt.find((charged) => charged < allowed);
      if (early !== undefined) return finding(`was given up after ${early} charged attempts of ${allowed}`);
      return [];
    }),
  );

function numbering({ job, graph, replay }: JobFile, idx: number, attempts: readonly AttemptRow[]): Finding[] {
  const told = replay.attempts.filter((attempt) => attempt.idx === idx);
  const sameNumbers =
    told.length === attempts.length &&
    attempts.every((attempt, place) => attempt.attempt === told[place].attempt);
  const differ = attempts.filter((attempt, place) => sameNumbers && !isSame(attempt, told[place]));
  if (sameNumbers && differ.every((attempt, place) => isContradiction(attempt, told[place]))) return [];
  const what = `attempts of ${graph.names[idx]} are ${list(attempts)}, and by the events ${list(told)}`;
  return [{ invariant: 'I2', runId: job.runId, what }];
}

function isSame(row: AttemptRow, told: ReplayedAttempt): boolean {
  return row.outcome === told.outcome && row.workerId === told.workerId;
}

/** One says that the attempt was lost or drained, the other that it had a result. */
function isContradiction(row: AttemptRow, told: ReplayedAttempt): boolean {
  return UNCHARGED.includes(row.outcome) !== UNCHARGED.includes(told.outcome);
}

function contradictions(
  { job, graph, replay }: JobFile,
  idx: number,
  attempts: readonly AttemptRow[],
): Finding[] {
  return attempts.flatMap((row) => {
    const told = replay.attempts.find((one) => one.idx === idx && one.attempt === row.attempt);
    if (told === undefined || !isContradiction(row, told)) return [];
    const what = `attempt ${row.attempt} of ${graph.names[idx]} is ${row.outcome}, and by the events ${told.outcome}`;
    return [{ invariant: 'I6', runId: job.runId, what }];
  });
}

/** What the witness saw of a task against the attempts there were. */
function work({ job, tasks, attempts, witness }: JobFile, idx: number): Finding[] {
  const task = tasks[idx];
  const finding = (what: string): Finding[] => [
    { invariant: 'I2', runId: job.runId, what: `the task ${task.name} ${what}` },
  ];
  const starts = witness.filter((line) => line.task === task.name && line.what === 'start');
  if (task.type === 'http') {
    const most = attempts[idx]?.length ?? 0;
    return starts.length > most ? finding(`asked ${starts.length} times in ${most} attempts`) : [];
  }
  return [...groupBy(starts, (line) => line.attempt)].flatMap(([number, lines]) => {
    if (lines.length > 1) return finding(`began attempt ${number} ${lines.length} times`);
    const row = attempts[idx]?.find((attempt) => attempt.attempt === number);
    if (row === undefined) return finding(`began attempt ${number}, which nobody has claimed`);
    return lines[0].at < row.startedAt ? finding(`began attempt ${number} before its claim`) : [];
  });
}

function list(attempts: readonly { attempt: number; outcome: string }[]): string {
  return `[${attempts.map((one) => `${one.attempt} ${one.outcome}`).join(', ')}]`;
}
