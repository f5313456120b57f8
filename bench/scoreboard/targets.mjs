/*
 * What we want to be, as ratios to baselines of the same run, and the floor under which we do not want to fall.
 * `at most` for times, `at least` for rates. Judged on medians; missing figures are not judged.
 */
const ratio = (workload, baseline) => (figure) => figure('ours', workload) / figure(baseline, workload);

export const TARGETS = [
  { id: 'chain-40', text: 'chain of 40 ÷ flow', of: ratio('chain-40', 'flow'), atMost: 1.25, floor: 2 },
  { id: 'fan-1000', text: '1 → 1,000 → 1 ÷ flow', of: ratio('fan-1000', 'flow'), atMost: 1, floor: 1.5 },
  { id: 'fan-10000', text: '1 → 9,998 → 1 ÷ flow', of: ratio('fan-10000', 'flow'), atMost: 0.75 },
  {
    id: 'sink',
    // To its end, which its start cannot be behind: see systems/ours.mjs.
    text: '1 → 9,998 → 1: last child to the sink, its end included, ms',
    of: (figure) => figure('ours', 'fan-10000', 'sinkEndMs'),
    atMost: 10,
  },
  {
    id: 'jobs-1000x3',
    text: '1,000 jobs of 3, POST included ÷ flow',
    of: ratio('jobs-1000x3', 'flow'),
    atMost: 1,
  },
  {
    id: 'drain',
    text: 'one-task jobs a second ÷ raw BullMQ',
    of: ratio('drain', 'bullmq'),
    atLeast: 1,
    floor: 0.5,
  },
  {
    id: 'steps-3',
    text: 'job of 3, p50 ÷ (3 commits + 3 queue hops)',
    of: (figure) =>
      figure('ours', 'steps-3') / (3 * figure('postgres', 'floor') + 3 * figure('bullmq', 'floor')),
    atMost: 1.5,
  },
  {
    id: 'dbos',
    text: '100 chains of 10, tasks a second ÷ DBOS',
    of: (figure) => figure('dbos', 'chains-100x10') / figure('ours', 'chains-100x10'),
    atLeast: 20,
  },
];

/** @returns 'reached', 'above the floor', 'missed', or null where there is no figure */
export function judge({ atMost, atLeast, floor }, value) {
  if (!Number.isFinite(value)) return null;
  const keeps = (bound) => (atMost === undefined ? value >= bound : value <= bound);
  if (keeps(atMost ?? atLeast)) return 'reached';
  if (floor === undefined) return 'missed';
  return keeps(floor) ? 'above the floor' : 'below the floor';
}
