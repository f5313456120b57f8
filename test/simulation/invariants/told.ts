import type { EventRow, JobRow } from '../rows.js';
import type { Tables } from '../tables.js';
import { Violation } from '../witness.js';

/** What a task may have been before each event of it, as SPEC §3 and §4 tell it; `undefined`: nothing was told yet. */
const BEFORE: Readonly<Record<string, readonly (string | undefined)[]>> = {
  'task.queued': [undefined, 'running', 'retrying', 'failed', 'upstream_failed'],
  'task.started': ['queued'],
  'task.retrying': ['running'],
  'task.failed': ['running'],
  'task.upstream_failed': [undefined, 'upstream_failed'],
  'task.cancelled': [undefined, 'queued', 'running', 'retrying', 'upstream_failed'],
};

const BECOMES: Readonly<Record<string, string>> = { 'task.started': 'running' };

interface Told {
  status: string | undefined;
  attempt: number;
  retryAt: number;
  /** Since it was last replayed. */
  failures: number;
}

/**
 * The events of a job are gapless (I10), tell only what may follow each other (I1), let nobody start before what it waits
 * for has succeeded (I3) or its time has come (I8), and tell the whole: at their end everything is as the rows have it.
 */
export function checkEvents(db: Tables, job: JobRow): void {
  const events = db.events.all().filter((event) => event.run_id === job.run_id);
  const tasks = db.tasksOf(job.run_id);
  const told = new Map<string, Told>(
    tasks.map((task) => [task.name, { status: undefined, attempt: 0, retryAt: 0, failures: 0 }]),
  );
  let jobStatus = '';
  events.forEach((event, place) => {
    if (event.seq !== place + 1)
      throw new Violation(`Event ${place + 1} of ${job.run_id} has seq ${event.seq}`);
    if (event.type.startsWith('job.')) jobStatus = tellJob(jobStatus, event);
    else if (event.type.startsWith('task.')) tellTask(db, job, told, event);
    else if (event.type !== 'dlq.added' && jobStatus === 'failed') jobStatus = 'running';
  });
  if (job.last_seq !== events.length) throw new Violation(`last_seq of ${job.run_id} is ${job.last_seq}`);
  for (const task of tasks) {
    const { status } = told.get(task.name)!;
    if (status !== task.status)
      throw new Violation(`${task.name} is ${task.status}, and told to be ${status}`);
  }
}

function tellJob(before: string, { type, seq }: EventRow): string {
  const status = type.slice('job.'.length);
  const isLegal =
    status === 'created'
      ? seq === 1
      : status === 'started'
        ? before === 'created'
        : status === 'cancelled'
          ? ['created', 'started', 'running'].includes(before)
          : ['started', 'running'].includes(before);
  if (!isLegal) throw new Violation(`${type} follows ${before}`);
  return status;
}

function tellTask(db: Tables, job: JobRow, all: Map<string, Told>, event: EventRow): void {
  const told = all.get(event.task!)!;
  const { reason } = event.data;
  const before =
    event.type !== 'task.succeeded'
      ? BEFORE[event.type]
      : reason === 'reused'
        ? [undefined]
        : [reason === 'resolved' ? 'failed' : 'running'];
  if (!before.includes(told.status))
    throw new Violation(`${event.type} of ${event.task} follows ${told.status}`);
  if (event.type === 'task.queued') {
    if (event.attempt !== told.attempt + 1)
      throw new Violation(`${event.task} queues ${event.attempt} behind ${told.attempt}`);
    if (told.status === 'retrying' && event.at < told.retryAt)
      throw new Violation(`${event.task} is woken early`);
    told.attempt = event.attempt;
  }
  if (event.type === 'task.started') checkParents(db, job, all, event);
  if (event.type === 'task.retrying') checkDelay(db, told, event);
  if (reason === 'replay') told.failures = 0;
  told.status = BECOMES[event.type] ?? event.type.slice('task.'.length);
}

function checkParents(db: Tables, job: JobRow, all: Map<string, Told>, event: EventRow): void {
  const spec = db.versions.get(job.dag_version_id)!.tasks.find((task) => task.name === event.task)!;
  for (const parent of spec.dependencies) {
    const { status } = all.get(parent)!;
    if (status !== 'succeeded') throw new Violation(`${event.task} starts while ${parent} is ${status}`);
  }
}

/** `min(base · 2^(n−1), max)` ± 10 % before retry n (SPEC §4). */
function checkDelay(db: Tables, told: Told, event: EventRow): void {
  told.failures += 1;
  told.retryAt = Date.parse(event.data.next_retry_at as string);
  const task = db.tasksOf(event.run_id).find(({ name }) => name === event.task)!;
  const seconds = Math.min(task.retry_base_seconds * 2 ** (told.failures - 1), task.retry_max_seconds);
  const delayMs = event.data.delay_ms as number;
  const isRight = Math.abs(delayMs - seconds * 1_000) <= seconds * 100 + 1;
  if (!isRight || told.retryAt < event.at + delayMs)
    throw new Violation(`Retry ${told.failures} of ${event.task} waits ${delayMs} ms for ${seconds} s`);
}
