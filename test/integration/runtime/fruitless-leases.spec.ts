import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { GivingUp } from '../../../src/engine/giving-up.js';
import { WorkerLeaseStore } from '../../../src/persistence/worker-lease.store.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { type WorkerFactory, workerFactory } from './worker-application.js';

const PATIENCE = { timeoutMs: 40_000 };
/** With less, no heartbeat is so late that the worker takes itself for one that stood still. */
const SHORT_PAUSE_MS = 100;
jest.setTimeout(60_000);

/** The whole process, as when it is stopped or the machine is. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Registering works and heartbeats do not: whatever hangs is in the process, so a fresh one can help. */
describe('A worker none of whose heartbeats is granted', () => {
  let workers: WorkerFactory;
  let api: ApiApplication;
  let worker: ApiApplication;
  /** Identities in the order of their first heartbeat. */
  let identities: string[];
  /** Says of the n-th identity (from 0) and its m-th heartbeat whether it reaches the database. */
  let reaches: (identity: number, heartbeat: number) => boolean;
  let givenUp: string[];
  /** How many identities there had been by then: the next one comes at once. */
  let identitiesByThen: number;

  beforeAll(async () => {
    workers = await workerFactory();
  });
  afterAll(async () => {
    await workers.close();
  });

  beforeEach(async () => {
    api = await startApi([DagsModule]);
    worker = await workers.start(api.database.url, {
      QUEUE_BACKEND: 'postgres',
      LEASE_SECONDS: '2',
      HEARTBEAT_SECONDS: '0.6',
    });
    identities = [];
    const counts = new Map<string, number>();
    const store = worker.app.get(WorkerLeaseStore, { strict: false });
    const renew = store.renew.bind(store);
    jest.spyOn(store, 'renew').mockImplementation(async (id, ...more) => {
      if (!identities.includes(id)) identities.push(id);
      const heartbeat = counts.get(id) ?? 0;
      counts.set(id, heartbeat + 1);
      if (!reaches(identities.indexOf(id), heartbeat)) throw new Error('lost on the way');
      return await renew(id, ...more);
    });
    givenUp = [];
    worker.app.get(GivingUp, { strict: false }).onGivenUp((reason) => {
      givenUp.push(reason);
      identitiesByThen = identities.length;
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await worker.close();
    await api.close();
  });

  it('is given up after three leases', async () => {
    reaches = () => false;
    const pauses = monitorEventLoopDelay({ resolution: 20 });
    pauses.enable();
    await eventually(() => expect(givenUp).toHaveLength(1), PATIENCE);
    pauses.disable();
    expect(givenUp[0]).toBe('no heartbeat was granted under 3 leases in a row');
    expect(identitiesByThen).toBeGreaterThanOrEqual(3);
    // A lease that was lost because the machine stood still does not count, and others came in its place.
    if (pauses.max / 1e6 < SHORT_PAUSE_MS) expect(identitiesByThen).toBe(3);
  });

  it('is not given up for leases that it lost because it stood still', async () => {
    reaches = () => true;
    const register = jest.spyOn(worker.app.get(WorkerLeaseStore, { strict: false }), 'register');
    for (let times = 1; times <= 4; times += 1) {
      standStill(2_000);
      await eventually(() => expect(register).toHaveBeenCalledTimes(times), PATIENCE);
      await Promise.all(register.mock.results.map(({ value }) => value));
    }
    expect(givenUp).toEqual([]);
  });

  it('begins to count anew with one that is granted', async () => {
    reaches = (identity, heartbeat) => (identity === 2 && heartbeat === 0) || identity === 4;
    await eventually(() => expect(identities).toHaveLength(5), PATIENCE);
    expect(givenUp).toEqual([]);
  });
});
