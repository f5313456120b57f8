/**
 * Whether a run kept what the product promises: I1 to I14 of the design, of the rows of the database at rest and of the
 * outside witness.
 */
import { attemptsAreSingle, lossesAreFree, staleLeasesAreRefused } from './attempts-rule.js';
import { type JobFile, type Rule, filesOf } from './case-file.js';
import { everyClassMoves, passedOver } from './classes-rule.js';
import { oneEntryPerFailure } from './dlq-rule.js';
import type { AttemptRow, Finding, History } from './history.js';
import { acceptedJobsEnd, jobsEndOnce, oneJobPerKey } from './jobs-rule.js';
import { parentsComeFirst, retriesWait } from './order-rule.js';
import { outputsAreOfTheirAttempts } from './outputs-rule.js';
import { type HistoryInput, readHistory } from './read-history.js';
import { countersAgree, nothingOutlives, nothingRuns } from './rest-rule.js';
import { eventsAreComplete } from './sequence-rule.js';
import { mostAtOnce, slotsAreEnough } from './slots-rule.js';
import { cronJobs, oneJobPerTick, ticksOf } from './ticks-rule.js';

export type { Finding } from './history.js';
export type { HistoryInput } from './read-history.js';

/** What holds of the rows at every moment, as one snapshot sees them. */
const RULES_OF_ROWS: readonly Rule[] = [
  jobsEndOnce,
  attemptsAreSingle,
  parentsComeFirst,
  oneEntryPerFailure,
  staleLeasesAreRefused,
  lossesAreFree,
  retriesWait,
  eventsAreComplete,
  countersAgree,
];

/** What holds of a run of the workload when all is over and at rest. */
const RULES_AT_REST: readonly Rule[] = [
  acceptedJobsEnd,
  oneJobPerTick,
  outputsAreOfTheirAttempts,
  oneJobPerKey,
  nothingRuns,
  nothingOutlives,
  slotsAreEnough,
  everyClassMoves,
];

export interface Verdict {
  findings: Finding[];
  /** What there was to be checked, and what faults have cost. */
  counts: Record<string, number>;
}

/** Reads all that is left of a run, and judges it. */
export async function checkHistory(input: HistoryInput): Promise<Verdict> {
  return judge(await readHistory(input));
}

/** As `checkHistory`, over what was read already. */
export function judge(history: History): Verdict {
  const files = filesOf(history);
  const findings = [...RULES_OF_ROWS, ...RULES_AT_REST].flatMap((rule) => rule(history, files));
  return { findings, counts: countsOf(history, files) };
}

/** What is wrong with the rows, whether or not anything still runs. */
export function judgeRows(history: History): Finding[] {
  const files = filesOf(history);
  return RULES_OF_ROWS.flatMap((rule) => rule(history, files));
}

function countsOf(history: History, files: readonly JobFile[]): Record<string, number> {
  const outcomes = (outcome: string): number =>
    history.attempts.filter((attempt) => attempt.outcome === outcome).length;
  const events = (type: string): number => history.events.filter((event) => event.type === type).length;
  const crons = cronJobs(history.jobs);
  const ticks = history.dags.map((dag) => ticksOf(dag, crons.get(dag.id) ?? []));
  const lines = (what: string): number => history.witness.filter((line) => line.what === what).length;
  return {
    jobs: history.jobs.length,
    jobsSucceeded: history.jobs.filter((job) => job.status === 'succeeded').length,
    jobsFailed: history.jobs.filter((job) => job.status === 'failed').length,
    jobsCancelled: history.jobs.filter((job) => job.status === 'cancelled').length,
    jobsByTick: [...crons.values()].flat().length,
    jobsRerun: history.jobs.filter((job) => job.rerunOf !== null).length,
    accepted: history.accepted.size,
    tasks: history.tasks.length,
    attempts: history.attempts.length,
    attemptsFailed: outcomes('failed'),
    attemptsLost: outcomes('lost'),
    attemptsDrained: outcomes('drained'),
    attemptsCancelled: outcomes('cancelled'),
    events: history.events.length,
    dlqEntries: history.entries.length,
    dlqReplayed: events('dlq.replayed'),
    dlqResolved: events('dlq.resolved'),
    ticksPassedOver: sum(ticks.map((one) => one.passedOver.length)),
    witnessStarts: lines('start'),
    witnessEnds: lines('end'),
    ...doubledWork(files),
    mostAtOnce: largest([...mostAtOnce(files).values()]),
    longestWaitMs: Math.round(largest(history.attempts.map((one) => one.startedAt - one.queuedAt)) / 1_000),
    mostPassedOver: largest(passedOver(history).map((one) => one.claims)),
  };
}

/** Side effects are at least once: what a lost or drained attempt had begun, or even done, is done again. */
function doubledWork(files: readonly JobFile[]): { startsDoubled: number; endsRefused: number } {
  let startsDoubled = 0;
  let endsRefused = 0;
  for (const { attempts, witness, tasks } of files) {
    const outcomes = new Map(
      attempts.flat().map((one: AttemptRow) => [`${tasks[one.idx]?.name} ${one.attempt}`, one.outcome]),
    );
    for (const line of witness) {
      const outcome = outcomes.get(`${line.task} ${line.attempt}`);
      if (outcome !== 'lost' && outcome !== 'drained') continue;
      if (line.what === 'start') startsDoubled += 1;
      else endsRefused += 1;
    }
  }
  return { startsDoubled, endsRefused };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Of none, 0. Not by spreading them: there may be more than a call takes arguments. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, one) => Math.max(most, one), 0);
}
