import { DRAWS, type FaultKind } from '../../chaos/fault-kinds.js';
import { endOfPlanMs, everyFailpoint, planOf, type PlanSettings, readPlan } from '../../chaos/plan.js';

const SETTINGS: PlanSettings = {
  seed: 7,
  members: { api: ['api-1'], scheduler: ['scheduler-1', 'scheduler-2'], worker: ['worker-1', 'worker-2'] },
  faults: 400,
  meanGapMs: 1_000,
  afterMs: 2_000,
  leaseMs: 5_000,
  statements: ['claim', 'start'],
  backend: 'redis',
  fsync: 'on',
};

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planOf(SETTINGS)).toEqual(planOf({ ...SETTINGS }));
    expect(planOf(SETTINGS)).not.toEqual(planOf({ ...SETTINGS, seed: 8 }));
  });

  it('begins with the faults of a shorter one', () => {
    expect(planOf(SETTINGS).slice(0, 30)).toEqual(planOf({ ...SETTINGS, faults: 30 }));
  });

  it('has every kind of fault in it, in the order of time, with the mean gap', () => {
    const plan = planOf(SETTINGS);
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(Object.keys(DRAWS)));
    expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).sort((a, b) => a - b));
    expect(plan[0].atMs).toBe(2_000);
    const meanGapMs = (plan.at(-1)!.atMs - 2_000) / (plan.length - 1);
    expect(meanGapMs).toBeGreaterThan(850);
    expect(meanGapMs).toBeLessThan(1_150);
  });

  it('stops workers for longer than their lease', () => {
    const stops = planOf(SETTINGS).filter(({ kind }) => kind === 'stop-worker');
    expect(stops.length).toBeGreaterThan(5);
    for (const { parameters } of stops) expect(parameters.forMs).toBeGreaterThan(SETTINGS.leaseMs);
  });

  it('aims at processes of the role and at statements there are', () => {
    const names = Object.values(SETTINGS.members).flat();
    const points = /^(any|(before|after):(claim|start|commit|enqueue|publish))$/;
    for (const { kind, target, parameters } of planOf(SETTINGS)) {
      if (kind.startsWith('roll-')) expect(['api', 'scheduler', 'worker']).toContain(target);
      else if (target !== null) expect(names).toContain(target);
      if (kind.startsWith('failpoint-')) expect(parameters.point).toMatch(points);
    }
  });

  it('does nothing to Redis where the queues are on PostgreSQL', () => {
    const kinds = planOf({ ...SETTINGS, backend: 'postgres' }).map(({ kind }) => kind);
    expect(kinds.filter((kind) => /redis|messages/.test(kind))).toEqual([]);
  });

  it('slows no disk that nothing is flushed to', () => {
    const kinds = planOf({ ...SETTINGS, fsync: 'off' }).map(({ kind }) => kind);
    expect(kinds).not.toContain('postgres-slow-disk');
  });

  it('draws from the kinds it is given only', () => {
    const kinds: FaultKind[] = ['redis-flush', 'kill-worker'];
    expect(new Set(planOf({ ...SETTINGS, kinds }).map(({ kind }) => kind))).toEqual(new Set(kinds));
  });

  it('has a crash before and after every statement, where that is asked for', () => {
    const plan = everyFailpoint(SETTINGS);
    const places = [...SETTINGS.statements, 'commit', 'enqueue', 'publish'];
    expect(plan.map(({ parameters }) => parameters.point).sort()).toEqual(
      places.flatMap((place) => [`after:${place}`, `before:${place}`]).sort(),
    );
    expect(new Set(plan.map(({ parameters }) => parameters.action))).toEqual(new Set(['kill']));
  });

  it('ends with the end of what lasts', () => {
    expect(endOfPlanMs([])).toBe(0);
    const lasting = { atMs: 10, kind: 'redis-down', target: null, parameters: { forMs: 500 } } as const;
    const short = { atMs: 400, kind: 'redis-flush', target: null, parameters: {} } as const;
    expect(endOfPlanMs([lasting, short])).toBe(510);
  });

  it('is had again from its JSON, and from nothing else', () => {
    const plan = planOf({ ...SETTINGS, faults: 5 });
    expect(readPlan(JSON.stringify(plan))).toEqual(plan);
    expect(() => readPlan('[{"atMs":1,"kind":"meteor"}]')).toThrow('meteor');
  });
});
