import { type Rule, replayFaults } from './case-file.js';
import type { Finding } from './history.js';

const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled'];

/** I1: a job ends once per life; what has ended stays as it is, unless it is brought back. */
export const jobsEndOnce: Rule = (_history, files) => replayFaults(files, 'I1');

/** I1, of a run at rest: what was accepted exists, and everything has ended. */
export const acceptedJobsEnd: Rule = (history, files) => {
  const findings: Finding[] = [];
  const known = new Set(history.jobs.map((job) => job.runId));
  for (const [key, runId] of history.accepted)
    if (!known.has(runId)) findings.push({ invariant: 'I1', runId, what: `accepted (key ${key}) and lost` });
  for (const runId of new Set(history.witness.map((line) => line.runId)))
    if (!known.has(runId))
      findings.push({ invariant: 'I1', runId, what: 'it has run, but there is no such job' });
  for (const { job, replay } of files) {
    // What else is wrong with the end is told by the events.
    if (!ENDED.includes(job.status) && !ENDED.includes(replay.status) && !replay.faults.some(isOfJobs))
      findings.push({ invariant: 'I1', runId: job.runId, what: `not ended: it is ${job.status}` });
  }
  return findings;
};

/** I9: one idempotency key, one job. */
export const oneJobPerKey: Rule = (history, files) => {
  const findings: Finding[] = [];
  const kept = new Set(history.keptKeys);
  const byKey = new Map<string, string>();
  for (const { job } of files) {
    if (job.key === null) continue;
    const what = job.rerunOf === null ? `job of the key ${job.key}` : `rerun of ${job.rerunOf}`;
    if (!kept.has(job.runId))
      findings.push({ invariant: 'I9', runId: job.runId, what: `no key stands for this ${what}` });
    if (job.rerunOf !== null) continue;
    const first = byKey.get(job.key) ?? history.accepted.get(job.key) ?? job.runId;
    byKey.set(job.key, first);
    if (first !== job.runId)
      findings.push({ invariant: 'I9', runId: job.runId, what: `a second ${what}, beside ${first}` });
  }
  return findings;
};

function isOfJobs(fault: { invariant: string }): boolean {
  return fault.invariant === 'I1';
}
