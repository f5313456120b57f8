import { BEGINNING, type Draft, SECOND, Story } from './story.js';

/** A DAG of `a`, and below it `b` and `http`; one of `noop`, by the second. */
const FORK = 1;
const CLOCK = 2;

/**
 * A small run in which all is well: retries, a lost and a drained attempt, a replay, a resolve, a rerun, a cancel, an entry
 * that nobody has looked at, and ticks, a second apart.
 */
export function goodHistory(ticks = 3): Draft {
  const draft: Draft = {
    dags: [
      { id: FORK, isOurs: true, cronExpression: null, timezone: 'UTC' },
      { id: CLOCK, isOurs: true, cronExpression: '* * * * * *', timezone: 'UTC' },
    ],
    graphs: new Map([
      [FORK, { names: ['a', 'b', 'http'], parents: [[], [0], [0]] }],
      [CLOCK, { names: ['noop'], parents: [[]] }],
    ]),
    jobs: [],
    tasks: [],
    attempts: [],
    events: [],
    entries: [],
    keptKeys: [],
    witness: [],
    accepted: new Map(),
    slots: 2,
    leftovers: [],
  };
  const story = (second: number, runId: string, more: object = {}, reused: string[] = []): Story =>
    new Story(
      draft,
      BEGINNING + second * SECOND,
      { runId, versionId: FORK, key: `key of ${runId}`, ...more },
      reused,
    );

  story(0, 'plain')
    .queue('a')
    .start('a')
    .retry('a')
    .start('a')
    .succeed('a')
    .queue('b')
    .queue('http')
    .start('b')
    .start('http', 'worker-2')
    .succeed('http')
    .lose('b')
    .start('b', 'worker-2')
    .lose('b', 'drained')
    .start('b', 'worker-2')
    .succeed('b')
    .end('succeeded');
  story(10, 'replayed')
    .queue('a')
    .start('a')
    .retry('a')
    .start('a')
    .bury('a', 1, ['b', 'http'])
    .end('failed')
    .replay('a', 1, ['b', 'http'])
    .start('a')
    .succeed('a')
    .queue('b')
    .queue('http')
    .start('b')
    .start('http')
    .succeed('b')
    .succeed('http')
    .end('succeeded');
  story(20, 'resolved')
    .queue('a')
    .start('a')
    .retry('a')
    .start('a')
    .bury('a', 2, ['b', 'http'])
    .end('failed')
    .resolve('a', 2)
    .queue('b', 'replay')
    .queue('http', 'replay')
    .start('http')
    .succeed('http')
    .start('b')
    .retry('b')
    .start('b')
    .bury('b', 3)
    .end('failed');
  story(30, 'cancelled').queue('a').start('a').cancel('a', 'b', 'http');
  story(40, 'rerun', { key: 'key of replayed', rerunOf: 'replayed' }, ['a', 'b'])
    .queue('http')
    .start('http')
    .succeed('http')
    .end('succeeded');
  for (let tick = 0; tick < ticks; tick += 1) {
    const tickAt = BEGINNING + (50 + tick) * SECOND;
    story(50 + tick, `tick ${tick}`, {
      versionId: CLOCK,
      key: null,
      trigger: 'cron',
      tickAt,
      createdAt: tickAt,
    })
      .queue('noop')
      .start('noop')
      .succeed('noop')
      .end('succeeded');
  }
  return draft;
}
