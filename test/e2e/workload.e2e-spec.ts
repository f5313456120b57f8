import { join } from 'node:path';
import { checkHistory } from '../chaos/history/check-history.js';
import { Workload } from '../chaos/workload/workload.js';
import { type Backend, describeOnBothBackends, Installation, type Role } from './installation.js';

/** Enough that every kind of task and of ending is among them. */
const JOBS = 30;
const SLOTS = 8;
/** The chaos runs have a process for each role on Redis; one that is all of them is nowhere as busy as here. */
const ROLES: Record<Backend, readonly Role[]> = { redis: ['all'], postgres: ['api', 'worker', 'scheduler'] };

describeOnBothBackends('the workload of the chaos runs, without faults', (backend) => {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.create(backend, { MAX_CONCURRENT_JOBS: String(SLOTS) });
  });

  afterAll(async () => await installation.close());

  it('ends, and leaves a history in which nothing is found', async () => {
    const all = await Promise.all(ROLES[backend].map(async (role) => await installation.start(role)));
    const witnessDirectory = join(installation.folder, 'witness');
    const workload = new Workload({
      seed: 1,
      jobs: JOBS,
      jobsPerSecond: 10,
      witnessDirectory,
      apiUrls: () => [all[0].url],
      log: () => undefined,
    });
    await workload.run();
    await workload.ended(75_000);
    await Promise.all(all.map(async (one) => await one.stop()));

    const { findings, counts } = await checkHistory({
      databaseUrl: installation.database.url,
      witnessDirectory,
      accepted: workload.accepted,
      slots: SLOTS,
    });
    expect(findings).toEqual([]);
    // What was started, and nothing else: no job more than was accepted or came by the clock.
    expect(counts).toMatchObject({
      accepted: workload.progress.started,
      attemptsLost: 0,
      ticksPassedOver: 0,
    });
    expect(counts.jobs - counts.jobsByTick).toBe(workload.accepted.size);
    expect(counts.jobs - counts.jobsByTick - counts.jobsRerun).toBe(JOBS);
  }, 150_000);
});
