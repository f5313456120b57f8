import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/persistence/data-source-options.js';
import { type EndedAttempts, EndedAttemptsStore } from '../../../src/persistence/ended-attempts.store.js';
import { WorkerQueryStore } from '../../../src/persistence/worker-query.store.js';
import { EndedTally } from '../../../src/engine/ended-tally.js';
import {
  claimAll,
  createEngine,
  type EngineUnderTest,
  failure,
  joinEngine,
  noop,
  startJob,
  SUCCESS,
} from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';

let engine: EngineUnderTest;
let source: DataSource;
beforeAll(async () => {
  engine = await createEngine();
  source = await new DataSource(
    dataSourceOptions({ url: engine.url, poolSize: 1, applicationName: 'ended-tally-test' }),
  ).initialize();
});
afterAll(async () => {
  await source.destroy();
  await engine.close();
});

async function lastHour(): Promise<EndedAttempts> {
  return (await new WorkerQueryStore(source).stats()).lastHour;
}

describe('The counts of ended attempts', () => {
  it('are, soon after, how many succeeded and failed by themselves, over all processes', async () => {
    const before = await lastHour();
    const tasks = Array.from({ length: 12 }, (_, n) => noop(`t${n}`, [], { max_retries: n % 2 }));
    await startJob(engine, tasks);
    const claims = (await claimAll(engine)).sort((left, right) => left.idx - right.idx);
    const other = await joinEngine(engine, 1);
    for (const [n, claim] of claims.entries()) {
      const { finishTasks } = n % 3 === 0 ? other : engine;
      // Failed ones are buried or tried again.
      if (n < 4) await finishTasks.finish(claim, failure());
      else if (n < 10) await finishTasks.finish(claim, SUCCESS);
      // Taken back, and said again under a lease that is gone: neither counts.
      else await engine.requeueTasks.requeue([{ ...claim, outcome: 'lost' }]);
    }
    expect(await engine.finishTasks.finish(claims[11], SUCCESS)).toBe('stale');
    await other.close();
    await eventually(async () => {
      const { succeeded, failed } = await lastHour();
      expect({ succeeded: succeeded - before.succeeded, failed: failed - before.failed }).toEqual({
        succeeded: 6,
        failed: 4,
      });
    });
  });

  it('are one row for each five seconds, and go when no window reaches them', async () => {
    await engine.rows(`UPDATE ended_attempts SET since = since - interval '3 hours'`);
    const store = new EndedAttemptsStore(engine.database);
    await Promise.all(Array.from({ length: 20 }, async () => await store.add({ succeeded: 1, failed: 0 })));
    const rows = await engine.rows<{ at: Date; succeeded: number }>(
      'SELECT since AS at, succeeded FROM ended_attempts ORDER BY since',
    );
    // The twenty may have met the edge of five seconds.
    expect(rows.length).toBeLessThanOrEqual(2);
    expect(rows.reduce((total, row) => total + row.succeeded, 0)).toBe(20);
    expect(rows.every((row) => row.at.getTime() % 5_000 === 0)).toBe(true);
  });

  it('wait for a database that is away, and are written when the process ends', async () => {
    const before = await lastHour();
    let isAway = true;
    let tries = 0;
    class DistantStore extends EndedAttemptsStore {
      override async add(counts: EndedAttempts): Promise<void> {
        tries += 1;
        if (isAway) throw new Error('away');
        await super.add(counts);
      }
    }
    const tally = new EndedTally(new DistantStore(engine.database));
    tally.count('succeeded');
    await eventually(() => expect(tries).toBe(1));
    isAway = false;
    tally.count('failed');
    await tally.onApplicationShutdown();
    const { succeeded, failed } = await lastHour();
    expect([succeeded - before.succeeded, failed - before.failed]).toEqual([1, 1]);
  });
});
