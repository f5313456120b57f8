import { cancel, cancelLock } from './cancel.js';
import { claim } from './claim.js';
import { release, wake } from './due.js';
import { bury, requeue, retry } from './fail.js';
import { keep } from './keys.js';
import {
  dagAdvance,
  dagsDue,
  dagVersion,
  jobContext,
  openJobsOfDag,
  queuedCount,
  queuedPage,
  taskOutputs,
} from './look-ups.js';
import { close, entryLocked, entryRun, replayLock, revive, taskStates } from './replay.js';
import { jobVersion, rerun, rerunLock } from './rerun.js';
import { retire } from './retire.js';
import type { Rule } from './rule.js';
import { start, startAll, startAllWithKey, startWithKeys } from './start.js';
import { succeedBatch, succeedOne } from './succeed.js';
import { drain, forget, lose, orphans, register, remove, renew, revoked, unknown } from './workers.js';

/** The rule of every statement the engine runs, by the statement's name. */
export const RULES: Readonly<Record<string, Rule>> = {
  start,
  'start-with-keys': startWithKeys,
  'start-all': startAll,
  'start-all-with-key': startAllWithKey,
  claim,
  succeed: succeedBatch,
  'succeed-one': succeedOne,
  retry,
  bury,
  requeue,
  wake,
  release,
  retire,
  'cancel-lock': cancelLock,
  cancel,
  'entry-run': entryRun,
  'replay-lock': replayLock,
  'entry-locked': entryLocked,
  'task-states': taskStates,
  revive,
  'close-entry': close,
  'job-version': jobVersion,
  'rerun-lock': rerunLock,
  rerun,
  'keep-idempotency-key': keep,
  'worker-register': register,
  'worker-renew': renew,
  'worker-revoked': revoked,
  'worker-unknown': unknown,
  'worker-drain': drain,
  'worker-remove': remove,
  'worker-lose': lose,
  'worker-orphans': orphans,
  'worker-forget': forget,
  'queued-count': queuedCount,
  'queued-page': queuedPage,
  'open-jobs-of-dag': openJobsOfDag,
  'dag-version': dagVersion,
  'job-context': jobContext,
  'task-outputs': taskOutputs,
  'dags-due': dagsDue,
  'dag-advance': dagAdvance,
};
