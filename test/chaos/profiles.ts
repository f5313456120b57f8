import type { ArenaSettings } from './arena.js';
import type { FaultKind } from './fault-kinds.js';
import { everyFailpoint, type Fault, planOf } from './plan.js';
import type { RunSettings } from './run.js';
import { engineStatements } from './statements.js';
import { type TaskMix, USUAL_MIX } from './workload/task-kinds.js';

/** How much of what a run does. */
export interface Profile {
  arena: ArenaSettings;
  jobs: number;
  jobsPerSecond: number;
  /** Of what the tasks are; left out: the usual mix. */
  mix?: TaskMix;
  /** How many of any kind, or a plan of its own. */
  faults: number | 'every failpoint' | readonly Fault[];
  meanGapMs: number;
  endsWithinMs: number;
  /** Left out: all kinds. */
  kinds?: readonly FaultKind[];
  /** Processes that no fault is aimed at. */
  spared?: readonly string[];
  /** How often everything is looked at, for what grows; left out: never. */
  sampleEveryMs?: number;
}

/** Short leases, so that recovery is quick; as many processes as the smallest installation with replicas has. */
const ARENA: ArenaSettings = {
  apis: 1,
  schedulers: 2,
  workers: 3,
  slots: 4,
  heartbeatSeconds: 1,
  leaseSeconds: 5,
  backend: 'redis',
  fsync: 'off',
};

export const PROFILES: Record<string, Profile> = {
  /** With the tests: some faults of each sort within a minute. */
  quick: { arena: ARENA, jobs: 40, jobsPerSecond: 2, faults: 14, meanGapMs: 1_600, endsWithinMs: 180_000 },
  /** Before a release, at most 45 minutes. */
  full: { arena: ARENA, jobs: 1_200, jobsPerSecond: 1, faults: 240, meanGapMs: 4_500, endsWithinMs: 300_000 },
  /** The figures: at least 2,000 jobs under at least 200 faults, on a server that writes through. */
  record: {
    arena: { ...ARENA, fsync: 'on' },
    jobs: 2_100,
    jobsPerSecond: 1.4,
    faults: 320,
    meanGapMs: 4_500,
    endsWithinMs: 600_000,
  },
  /** 200 workers that stand still beyond their lease while their attempts end, and go on. */
  zombies: {
    arena: { ...ARENA, workers: 4, slots: 6, heartbeatSeconds: 0.6, leaseSeconds: 3 },
    jobs: 900,
    jobsPerSecond: 1.5,
    // Attempts that end while their worker stands still: those are what it has results of when it goes on.
    mix: { ...USUAL_MIX, long: 0.7 },
    faults: 220,
    meanGapMs: 2_400,
    endsWithinMs: 300_000,
    kinds: ['zombie', 'stop-worker'],
  },
  /** 1,000 acknowledgements of commits that never arrive. */
  'lost-commits': {
    arena: ARENA,
    jobs: 800,
    jobsPerSecond: 2,
    faults: 260,
    meanGapMs: 1_500,
    endsWithinMs: 300_000,
    kinds: ['lost-commits'],
  },
  /** A crash before and after each statement of the engine. */
  failpoints: {
    arena: ARENA,
    jobs: 900,
    jobsPerSecond: 2,
    faults: 'every failpoint',
    meanGapMs: 4_000,
    endsWithinMs: 300_000,
  },
  /** Redis is away for ten minutes while jobs are accepted, and comes back empty. */
  'long-outage': {
    arena: ARENA,
    jobs: 650,
    jobsPerSecond: 1,
    faults: [{ atMs: 10_000, kind: 'redis-down', target: null, parameters: { forMs: 600_000 } }],
    meanGapMs: 0,
    endsWithinMs: 600_000,
  },
  /** Half an hour of work under faults: what is held at its end must not be more than at its beginning. */
  soak: {
    arena: { ...ARENA, slots: 10 },
    // Of some six tasks each: 50 tasks a second.
    jobs: 15_000,
    jobsPerSecond: 8.3,
    // Most of them not processes: starting those would be all that two cores do.
    mix: { ...USUAL_MIX, noop: 0.3, python: 0.03, http: 0.52 },
    faults: 120,
    meanGapMs: 14_000,
    endsWithinMs: 600_000,
    // Nothing that ends a process that is spared.
    kinds: [
      'kill-worker',
      'kill-scheduler',
      'stop-worker',
      'zombie',
      'failpoint-error',
      'redis-flush',
      'redis-script-flush',
      'redis-kill-clients',
      'redis-restart',
      'redis-down',
      'messages-duplicate',
      'messages-alien',
      'messages-reorder',
      'postgres-terminate',
      'postgres-restart',
      'postgres-reset',
      'lost-commits',
    ],
    spared: ['api-1', 'scheduler-1', 'worker-1'],
    sampleEveryMs: 10_000,
  },
};

/** The faults of a profile, from a seed. */
export function planFor(profile: Profile, seed: number): Fault[] {
  const { arena, faults, meanGapMs, kinds, spared = [] } = profile;
  if (typeof faults === 'object') return [...faults];
  const names = (role: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${role}-${index + 1}`).filter(
      (name) => !spared.includes(name),
    );
  const settings = {
    seed,
    members: {
      api: names('api', arena.apis),
      scheduler: names('scheduler', arena.schedulers),
      worker: names('worker', arena.workers),
    },
    meanGapMs,
    afterMs: 2_000,
    leaseMs: arena.leaseSeconds * 1_000,
    statements: engineStatements(),
    kinds,
    backend: arena.backend,
    fsync: arena.fsync,
  };
  return faults === 'every failpoint' ? everyFailpoint(settings) : planOf({ ...settings, faults });
}

/** What a run of the profile is told. */
export function runSettings(
  { arena, jobs, jobsPerSecond, mix, endsWithinMs, sampleEveryMs }: Profile,
  profile: string,
  seed: number,
  keepIn: string,
  log: (line: string) => void,
): RunSettings {
  return {
    profile,
    seed,
    arena,
    jobs,
    jobsPerSecond,
    mix,
    endsWithinMs,
    sampleEveryMs: sampleEveryMs ?? null,
    keepIn,
    log,
  };
}
