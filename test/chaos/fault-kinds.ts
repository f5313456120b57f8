import type { Fault, PlanSettings } from './plan.js';
import type { Random } from './random.js';

/** How a fault of a kind is drawn. */
interface Draw {
  /** How often it comes, against the others. */
  weight: number;
  needsRedis?: true;
  /** Shows only in a server that writes through. */
  needsFsync?: true;
  draw(chance: Random, settings: PlanSettings): Pick<Fault, 'target' | 'parameters'>;
}

const WORKER = (chance: Random, { members }: PlanSettings) => chance.pick(members.worker);
const SCHEDULER = (chance: Random, { members }: PlanSettings) => chance.pick(members.scheduler);
const API = (chance: Random, { members }: PlanSettings) => chance.pick(members.api);

const nothing: Draw['draw'] = () => ({ target: null, parameters: {} });
const lasting =
  (fromMs: number, toMs: number): Draw['draw'] =>
  (chance) => ({ target: null, parameters: { forMs: chance.integer(fromMs, toMs) } });
const of =
  (targetOf: (chance: Random, settings: PlanSettings) => string): Draw['draw'] =>
  (chance, settings) => ({ target: targetOf(chance, settings), parameters: {} });

/** Where a process may fail beside the statements. */
export const OTHER_PLACES = ['commit', 'enqueue'] as const;

/** Where a process fails by itself: `before` or `after` a statement, a commit, an enqueue or a publish. */
function point(
  chance: Random,
  statements: readonly string[],
  actions: readonly string[],
): Fault['parameters'] {
  const action = chance.pick(actions);
  // Publishing neither waits nor fails: only a crash can happen there.
  const places = [...statements, ...OTHER_PLACES, ...(action === 'kill' ? ['publish'] : [])];
  const isAny = chance.chance(0.25);
  return {
    point: isAny ? 'any' : `${chance.pick(['before', 'after'])}:${chance.pick(places)}`,
    action,
    // One point of its own comes seldom, and is not to be waited for.
    nth: chance.integer(1, isAny ? 60 : 2),
    stallMs: chance.integer(500, 4_000),
  };
}

/** Every kind of fault the arena knows. */
export const DRAWS: Record<FaultKind, Draw> = {
  /** kill -9 */
  'kill-worker': { weight: 10, draw: of(WORKER) },
  'kill-scheduler': { weight: 5, draw: of(SCHEDULER) },
  'kill-api': { weight: 4, draw: of(API) },
  /** SIGSTOP beyond the lease, then SIGCONT: it goes on as if nothing had been. */
  'stop-worker': {
    weight: 6,
    draw: (chance, settings) => ({
      target: WORKER(chance, settings),
      parameters: { forMs: Math.round(settings.leaseMs * (1.2 + chance.next())) },
    }),
  },
  'stop-scheduler': {
    weight: 3,
    draw: (chance, settings) => ({
      target: SCHEDULER(chance, settings),
      parameters: { forMs: chance.integer(1_000, 2 * settings.leaseMs) },
    }),
  },
  /** SIGTERM, one process of the role after the other, each replaced before the next goes. */
  'roll-worker': { weight: 2, draw: () => ({ target: 'worker', parameters: {} }) },
  'roll-scheduler': { weight: 1, draw: () => ({ target: 'scheduler', parameters: {} }) },
  'roll-api': { weight: 1, draw: () => ({ target: 'api', parameters: {} }) },
  /** The process is replaced by one whose clock is wrong; later by a right one. */
  'skew-clock': {
    weight: 2,
    draw: (chance, settings) => ({
      target: chance.pick([...settings.members.scheduler, ...settings.members.worker]),
      parameters: { skewMs: chance.integer(60_000, 600_000) * chance.pick([-1, 1]), forMs: 15_000 },
    }),
  },
  /** A worker stands still exactly before it writes a result or a claim, beyond its lease; then it writes. */
  zombie: {
    weight: 6,
    draw: (chance, settings) => ({
      target: WORKER(chance, settings),
      parameters: {
        point: `before:${chance.pick(['succeed', 'succeed-one', 'succeed-one', 'retry', 'bury', 'claim', 'worker-renew'])}`,
        // Its lease and a round of the reaper are over by then, and its successor is likely still at work: only then does
        // the lease alone stand between its result and the other's.
        forMs: settings.leaseMs + chance.integer(700, 2_300),
      },
    }),
  },
  /** A process crashes, or loses an answer, at a statement of the engine. */
  'failpoint-kill': {
    weight: 12,
    draw: (chance, { statements }) => ({ target: null, parameters: point(chance, statements, ['kill']) }),
  },
  'failpoint-error': {
    weight: 8,
    draw: (chance, { statements }) => ({
      target: null,
      parameters: point(chance, statements, ['break', 'break', 'stall']),
    }),
  },

  'redis-flush': { weight: 5, needsRedis: true, draw: nothing },
  'redis-script-flush': { weight: 2, needsRedis: true, draw: nothing },
  'redis-kill-clients': { weight: 3, needsRedis: true, draw: nothing },
  'redis-pause': { weight: 2, needsRedis: true, draw: lasting(500, 4_000) },
  /** Without persistence: what it held is gone. */
  'redis-restart': { weight: 3, needsRedis: true, draw: nothing },
  'redis-down': { weight: 3, needsRedis: true, draw: lasting(1_000, 8_000) },
  /** Half-open: nothing passes, nothing is closed. */
  'redis-freeze': { weight: 2, needsRedis: true, draw: lasting(1_000, 6_000) },
  'redis-slow': {
    weight: 2,
    needsRedis: true,
    draw: (chance) => ({
      target: null,
      parameters: { delayMs: chance.integer(20, 200), forMs: chance.integer(1_000, 5_000) },
    }),
  },
  'messages-duplicate': {
    weight: 3,
    needsRedis: true,
    draw: (chance) => ({ target: null, parameters: { count: chance.integer(5, 50) } }),
  },
  'messages-alien': {
    weight: 2,
    needsRedis: true,
    draw: (chance) => ({ target: null, parameters: { count: chance.integer(1, 20) } }),
  },
  'messages-reorder': { weight: 2, needsRedis: true, draw: nothing },

  /** As by `pg_ctl stop -m immediate`, and started again: it recovers from its log. */
  'postgres-crash': { weight: 4, draw: nothing },
  'postgres-restart': { weight: 2, draw: nothing },
  'postgres-terminate': {
    weight: 6,
    draw: (chance) => ({ target: null, parameters: { share: chance.pick([0.2, 0.5, 1]) } }),
  },
  'postgres-freeze': {
    weight: 3,
    draw: (chance) => ({
      target: null,
      parameters: { share: chance.pick([0.3, 0.6, 1]), forMs: chance.integer(1_000, 7_000) },
    }),
  },
  'postgres-slow': {
    weight: 2,
    draw: (chance) => ({
      target: null,
      parameters: { delayMs: chance.integer(20, 200), forMs: chance.integer(1_000, 5_000) },
    }),
  },
  /** Each flush of the log takes so much longer, in the server itself. */
  'postgres-slow-disk': {
    weight: 2,
    needsFsync: true,
    draw: (chance) => ({
      target: null,
      parameters: { flushMs: chance.integer(20, 100), forMs: chance.integer(2_000, 8_000) },
    }),
  },
  'postgres-reset': {
    weight: 3,
    draw: (chance) => ({ target: null, parameters: { afterBytes: chance.integer(1, 20_000) } }),
  },
  'lost-commits': {
    weight: 8,
    draw: (chance) => ({
      target: null,
      parameters: { count: chance.integer(1, 12), every: chance.integer(1, 9) },
    }),
  },
};

export type FaultKind =
  | 'kill-worker'
  | 'kill-scheduler'
  | 'kill-api'
  | 'stop-worker'
  | 'stop-scheduler'
  | 'zombie'
  | 'roll-worker'
  | 'roll-scheduler'
  | 'roll-api'
  | 'skew-clock'
  | 'failpoint-kill'
  | 'failpoint-error'
  | 'redis-flush'
  | 'redis-script-flush'
  | 'redis-kill-clients'
  | 'redis-pause'
  | 'redis-restart'
  | 'redis-down'
  | 'redis-freeze'
  | 'redis-slow'
  | 'messages-duplicate'
  | 'messages-alien'
  | 'messages-reorder'
  | 'postgres-crash'
  | 'postgres-restart'
  | 'postgres-terminate'
  | 'postgres-freeze'
  | 'postgres-slow'
  | 'postgres-slow-disk'
  | 'postgres-reset'
  | 'lost-commits';
