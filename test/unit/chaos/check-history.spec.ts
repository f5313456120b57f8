import { judge } from '../../chaos/history/check-history.js';
import { BROKEN } from './broken-histories.js';
import { jobOf, taskOf, attemptOf, lineOf, remove, rewrite, forget } from './damage.js';
import { goodHistory } from './good-history.js';
import { type Draft, SECOND } from './story.js';

describe('the checker', () => {
  it('finds nothing in a history in which all is well, and counts what is there', () => {
    const { findings, counts } = judge(goodHistory());
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({
      jobs: 8,
      jobsSucceeded: 6,
      jobsFailed: 1,
      jobsCancelled: 1,
      jobsByTick: 3,
      jobsRerun: 1,
      accepted: 4,
      attemptsLost: 1,
      attemptsDrained: 1,
      attemptsCancelled: 1,
      dlqEntries: 3,
      dlqReplayed: 1,
      dlqResolved: 1,
      ticksPassedOver: 0,
      startsDoubled: 2,
      endsRefused: 0,
      mostAtOnce: 2,
    });
  });

  for (const [invariant, cases] of Object.entries(BROKEN))
    it.each(cases)(`finds what breaks ${invariant}, and nothing else: "%s"`, (what, damage) => {
      const draft = goodHistory();
      damage(draft);
      const found = { invariant, what: expect.stringContaining(what) as string };
      expect(judge(draft).findings).toEqual([expect.objectContaining(found)]);
    });

  it('finds a task that is still running (I11), whose job has not ended (I1)', () => {
    const draft = goodHistory();
    rewrite(draft, 'tick 1', (events) => events.splice(4));
    remove(draft.attempts, attemptOf(draft, 'tick 1', 'noop'));
    taskOf(draft, 'tick 1', 'noop').status = 'running';
    const job = jobOf(draft, 'tick 1');
    Object.assign(job, { status: 'running', counts: { ...job.counts, succeeded: 0, running: 1 } });
    expect(
      judge(draft)
        .findings.map((finding) => finding.invariant)
        .sort(),
    ).toEqual(['I1', 'I11']);
  });

  it('finds a class that is passed over while 500 others are claimed (I14)', () => {
    const starving = (ticks: number): Draft => {
      const draft = goodHistory(ticks);
      const last = `tick ${ticks - 1}`;
      jobOf(draft, last).priority = 'low';
      attemptOf(draft, last, 'noop').queuedAt = attemptOf(draft, 'tick 0', 'noop').queuedAt;
      return draft;
    };
    expect(judge(starving(490))).toMatchObject({ findings: [], counts: { mostPassedOver: 489 } });
    expect(judge(starving(510)).findings).toEqual([
      {
        invariant: 'I14',
        runId: null,
        what: expect.stringContaining('509 claims of other classes') as string,
      },
    ]);
  });

  it('lets a tick be passed over that nobody was there for within ten seconds', () => {
    const draft = goodHistory(3);
    forget(draft, 'tick 1');
    jobOf(draft, 'tick 2').createdAt += 11 * SECOND;
    expect(judge(draft)).toMatchObject({ findings: [], counts: { ticksPassedOver: 1 } });
  });

  it('counts a result that came too late, and was refused, as work done twice', () => {
    const draft = goodHistory();
    draft.witness.push({ ...lineOf(draft, 'plain', 'b', 'start'), what: 'end' });
    expect(judge(draft)).toMatchObject({ findings: [], counts: { endsRefused: 1 } });
  });
});
