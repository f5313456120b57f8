import {
  jobOf,
  taskOf,
  attemptOf,
  eventOf,
  lineOf,
  remove,
  rewrite,
  insertAfter,
  removeEvent,
  forget,
  double,
} from './damage.js';
import { type Draft, MILLISECOND, SECOND } from './story.js';

/** By invariant: all that is found, and what is done to a good history for it. */
export const BROKEN: Record<string, [what: string, damage: (draft: Draft) => void][]> = {
  I1: [
    ['accepted (key lost key) and lost', (draft) => draft.accepted.set('lost key', 'gone')],
    ['there is no such job', (draft) => (lineOf(draft, 'plain', 'http', 'start').runId = 'gone')],
    [
      'all tasks have ended, and the job has not',
      (draft) => {
        removeEvent(draft, eventOf(draft, 'cancelled', 'job.cancelled'));
        jobOf(draft, 'cancelled').status = 'running';
      },
    ],
    [
      'not ended: it is queued',
      (draft) => {
        rewrite(draft, 'tick 1', (events) => events.splice(2));
        remove(draft.attempts, attemptOf(draft, 'tick 1', 'noop'));
        taskOf(draft, 'tick 1', 'noop').status = 'queued';
        const job = jobOf(draft, 'tick 1');
        job.status = 'queued';
        job.counts = { ...job.counts, succeeded: 0, queued: 1 };
      },
    ],
    [
      'though the job has ended as succeeded',
      (draft) => insertAfter(draft, eventOf(draft, 'plain', 'job.succeeded')),
    ],
    [
      'does not fit how its tasks ended',
      (draft) => {
        eventOf(draft, 'resolved', 'job.failed', null, 1).type = 'job.succeeded';
        jobOf(draft, 'resolved').status = 'succeeded';
      },
    ],
    [
      'with 1 tasks that have not ended',
      (draft) => rewrite(draft, 'plain', (events) => events.splice(-2, 2, ...events.slice(-2).reverse())),
    ],
    [
      'task.queued (event 26) though the job has ended as failed',
      (draft) => {
        const end = eventOf(draft, 'resolved', 'job.failed', null, 1);
        insertAfter(draft, end, { type: 'task.queued', task: 'b', attempt: 3, data: { reason: 'replay' } });
        Object.assign(taskOf(draft, 'resolved', 'b'), { status: 'queued', attempt: 3 });
        const job = jobOf(draft, 'resolved');
        job.counts = { ...job.counts, failed: 0, queued: 1 };
      },
    ],
    ['job.started (event 4)', (draft) => insertAfter(draft, eventOf(draft, 'plain', 'job.started'))],
  ],
  I2: [
    ['which is succeeded', (draft) => insertAfter(draft, eventOf(draft, 'plain', 'task.succeeded', 'b'))],
    ['which is running', (draft) => insertAfter(draft, eventOf(draft, 'plain', 'task.started', 'b'))],
    [
      'of attempt 5 of the task noop, not 1',
      (draft) => (eventOf(draft, 'tick 0', 'task.queued', 'noop').attempt = 5),
    ],
    ['attempts of noop are []', (draft) => remove(draft.attempts, attemptOf(draft, 'tick 0', 'noop'))],
    [
      '[1 failed], and by the events [1 cancelled]',
      (draft) => (attemptOf(draft, 'cancelled', 'a').outcome = 'failed'),
    ],
    ['attempts of noop are', (draft) => (attemptOf(draft, 'tick 0', 'noop').workerId = 'worker-3')],
    [
      'began attempt 1 2 times',
      (draft) => draft.witness.push({ ...lineOf(draft, 'cancelled', 'a', 'start'), token: 7 }),
    ],
    ['which nobody has claimed', (draft) => (lineOf(draft, 'cancelled', 'a', 'start').attempt = 2)],
    ['before its claim', (draft) => (lineOf(draft, 'cancelled', 'a', 'start').at -= 2 * MILLISECOND)],
    [
      'asked 2 times in 1 attempts',
      (draft) => draft.witness.push({ ...lineOf(draft, 'plain', 'http', 'start'), token: 7 }),
    ],
    ['has not seen done', (draft) => remove(draft.witness, lineOf(draft, 'plain', 'b', 'end'))],
    ['has not seen done', (draft) => remove(draft.witness, lineOf(draft, 'plain', 'http', 'end'))],
  ],
  I3: [
    [
      'of the task b before a (running)',
      (draft) =>
        rewrite(draft, 'plain', (events) => {
          const early = eventOf(draft, 'plain', 'task.queued', 'b');
          remove(events, early);
          early.at = 0;
          events.splice(events.indexOf(eventOf(draft, 'plain', 'task.succeeded', 'a')), 0, early);
        }),
    ],
    ['µs before a was done', (draft) => (lineOf(draft, 'plain', 'http', 'start').at -= SECOND)],
  ],
  I4: [
    ['00:00:51.000Z has no job', (draft) => forget(draft, 'tick 1')],
    ['00:00:51.000Z has several jobs', (draft) => double(draft, 'tick 1')],
  ],
  I5: [
    [
      'the failed attempt 1.2 has no DLQ entry',
      (draft) => {
        removeEvent(draft, eventOf(draft, 'resolved', 'dlq.added', 'b'));
        draft.entries.pop();
      },
    ],
    ['DLQ entries are [2 a resolved], and by the events', (draft) => draft.entries.pop()],
    ['1 a pending', (draft) => (draft.entries[0].status = 'pending')],
    ['which is replayed', (draft) => insertAfter(draft, eventOf(draft, 'replayed', 'dlq.replayed', 'a'))],
    [
      'without a failure of its own',
      (draft) => {
        const added = eventOf(draft, 'resolved', 'dlq.added', 'b');
        insertAfter(draft, added, { attempt: 1, data: { entry_id: 4 } });
        draft.entries.push({ ...draft.entries[2], id: 4 });
      },
    ],
  ],
  I6: [
    [
      'ended plain.1.1 (lost) and plain.1.3 (succeeded)',
      (draft) => (attemptOf(draft, 'plain', 'b', 3).lease = attemptOf(draft, 'plain', 'b', 1).lease),
    ],
    [
      'is succeeded, and by the events lost',
      (draft) => (attemptOf(draft, 'plain', 'b', 1).outcome = 'succeeded'),
    ],
    [
      'is failed, and by the events drained',
      (draft) => (attemptOf(draft, 'plain', 'b', 2).outcome = 'failed'),
    ],
    [
      'with attempt 3, and its output is of attempt 1',
      (draft) => (taskOf(draft, 'plain', 'b').output = { attempt: 1, token: 1 }),
    ],
  ],
  I7: [
    ['is charged 1 attempts, and 0 failed', (draft) => (taskOf(draft, 'plain', 'b').charged = 1)],
    ['is charged 0 attempts, and 1 failed', (draft) => (taskOf(draft, 'plain', 'a').charged = 0)],
    [
      'was given up after 2 charged attempts of 4',
      (draft) => (taskOf(draft, 'replayed', 'a').maxRetries = 3),
    ],
    ['is charged 2 attempts of 1', (draft) => (taskOf(draft, 'resolved', 'b').maxRetries = 0)],
  ],
  I8: [
    [
      'attempt 2 of a came',
      (draft) => {
        const { data } = eventOf(draft, 'plain', 'task.retrying', 'a');
        const later = Date.parse(String(data['next_retry_at'])) + 2_000;
        Object.assign(data, { next_retry_at: new Date(later).toISOString() });
      },
    ],
  ],
  I9: [
    [
      'a second job of the key key of cancelled, beside cancelled',
      (draft) => {
        double(draft, 'cancelled');
        draft.keptKeys.push('cancelled again');
      },
    ],
    ['no key stands for this job of the key', (draft) => remove(draft.keptKeys, 'plain')],
    ['no key stands for this rerun of replayed', (draft) => remove(draft.keptKeys, 'rerun')],
  ],
  I10: [
    [
      'event 5 is missing: 6 is in its place',
      (draft) =>
        draft.events
          .filter((event) => event.runId === 'plain' && event.seq >= 5)
          .forEach((event) => (event.seq += 1)),
    ],
    ['and takes 9 for the last', (draft) => (jobOf(draft, 'tick 0').lastSeq = 9)],
    [
      'event 3 is older than the one before it',
      (draft) => (eventOf(draft, 'tick 0', 'job.started').at -= SECOND),
    ],
    [
      'by the events, the job is failed, not succeeded',
      (draft) => (jobOf(draft, 'tick 0').status = 'failed'),
    ],
    [
      'noop is succeeded (attempt 2), not succeeded (1)',
      (draft) => (taskOf(draft, 'tick 0', 'noop').attempt = 2),
    ],
    [
      'is of no task of the job',
      (draft) =>
        insertAfter(draft, eventOf(draft, 'tick 0', 'job.started'), { type: 'task.started', task: 'other' }),
    ],
    ['event 2 is job.created', (draft) => insertAfter(draft, eventOf(draft, 'tick 0', 'job.created'))],
  ],
  I11: [
    [
      'the job counts 2 succeeded, which are 3',
      (draft) => {
        const job = jobOf(draft, 'plain');
        job.counts = { ...job.counts, succeeded: 2 };
      },
    ],
  ],
  I12: [['process 1 lives', (draft) => draft.leftovers.push({ runId: 'plain', what: 'process 1 lives' })]],
  I13: [['the worker worker-1 worked on 2 attempts at once', (draft) => (draft.slots = 1)]],
};
