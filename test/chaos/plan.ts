import { DRAWS, type FaultKind, OTHER_PLACES } from './fault-kinds.js';
import { Random } from './random.js';

const LONG_ARMED_MS = 90_000;

/** One fault: what happens to whom, and when. Plans are JSON, so that a run can be had again without its seed. */
export interface Fault {
  /** From the first job of the workload. */
  atMs: number;
  kind: FaultKind;
  /** A process of the arena (`worker-2`), a role, or null where the fault is a server's. */
  target: string | null;
  parameters: Record<string, number | string>;
}

export interface PlanSettings {
  seed: number;
  /** Names of processes by role, as the arena calls them. */
  members: { api: readonly string[]; scheduler: readonly string[]; worker: readonly string[] };
  /** So many faults, … */
  faults: number;
  /** … with this mean time between them, exponentially distributed. */
  meanGapMs: number;
  /** The first one comes not before this. */
  afterMs: number;
  leaseMs: number;
  /** Names of the engine's statements: where a failpoint can be. */
  statements: readonly string[];
  /** The kinds to draw from, by their weights; all of those that can happen to the arena when it is left out. */
  kinds?: readonly FaultKind[];
  backend: 'redis' | 'postgres';
  fsync: 'on' | 'off';
}

/** The same settings give the same faults, on every machine. */
export function planOf(settings: PlanSettings): Fault[] {
  const chance = new Random(settings.seed).fork('plan');
  const kinds = (settings.kinds ?? (Object.keys(DRAWS) as FaultKind[])).filter(
    (kind) =>
      (settings.backend === 'redis' || !DRAWS[kind].needsRedis) &&
      (settings.fsync === 'on' || !DRAWS[kind].needsFsync),
  );
  const weights = kinds.map((kind) => DRAWS[kind].weight);
  const faults: Fault[] = [];
  let atMs = settings.afterMs;
  for (let index = 0; index < settings.faults; index++) {
    const draw = chance.fork(`fault ${index}`);
    // Exponential by inversion; the draw is from [0, 1), so the logarithm is of something above 0.
    if (index > 0) atMs += -Math.log(1 - draw.next()) * settings.meanGapMs;
    const kind = kinds[heaviest(weights, draw.next())];
    faults.push({ atMs: Math.round(atMs), kind, ...DRAWS[kind].draw(draw, settings) });
  }
  return faults;
}

/**
 * A crash before and one after each statement of the engine, and each of the steps beside them: every point once, in an
 * order drawn from the seed. Whoever comes by first crashes.
 */
export function everyFailpoint(settings: Omit<PlanSettings, 'faults'>): Fault[] {
  const chance = new Random(settings.seed).fork('failpoints');
  const places = [...settings.statements, ...OTHER_PLACES, 'publish'];
  const points = places.flatMap((place) => [`before:${place}`, `after:${place}`]);
  const inOrder = points.map((point) => ({ point, at: chance.next() })).sort((a, b) => a.at - b.at);
  return inOrder.map(({ point }, index) => ({
    atMs: settings.afterMs + index * settings.meanGapMs,
    kind: 'failpoint-kill',
    target: null,
    // Some come by seldom: they wait for the rest of the run.
    parameters: { point, action: 'kill', nth: 1, stallMs: 0, forMs: LONG_ARMED_MS },
  }));
}

/** When the last fault of the plan begins, or ends if it lasts. */
export function endOfPlanMs(plan: readonly Fault[]): number {
  return Math.max(0, ...plan.map(({ atMs, parameters }) => atMs + Number(parameters.forMs ?? 0)));
}

/** @throws Error when this is no plan */
export function readPlan(text: string): Fault[] {
  const plan = JSON.parse(text) as Fault[];
  for (const { atMs, kind } of plan)
    if (!Number.isFinite(atMs) || !(kind in DRAWS)) throw new Error(`Not a fault: ${kind} at ${atMs} ms`);
  return plan;
}

/** @returns the index into `weights` where the share `at` of their sum is reached */
function heaviest(weights: readonly number[], at: number): number {
  let left = at * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}
