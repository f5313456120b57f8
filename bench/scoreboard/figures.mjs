import { median } from '../measure.mjs';
import { SYSTEMS } from './systems.mjs';

/** The turns of one system in one workload that count. */
export function counted({ turns }, workload, system) {
  return turns.filter(
    (turn) => turn.workload === workload && turn.system === system && turn.round >= 0 && turn.sample,
  );
}

/** The values of one figure over the repeats, for instance `ms` or `p95`; of `writes` and `wal` per task. */
export function valuesOf(results, workload, system, key) {
  return counted(results, workload, system)
    .map((turn) => (key in turn.sample ? turn.sample[key] : turn[key] / turn.sample.tasks))
    .filter(Number.isFinite);
}

/** `figure(system, workload, key?)`: the median, by default of the workload's headline; NaN where there is none. */
export function figureOf(workloads, results) {
  return (system, id, key) => {
    const headline = workloads.find((workload) => workload.id === id)?.headline;
    const values = valuesOf(results, id, system, key ?? headline);
    return values.length > 0 ? median(values) : NaN;
  };
}

/** How a system stands to the workload's baseline: above 1 it is slower, whatever the unit. */
export function slowness(figure, { id, baseline, better }, system) {
  const [value, base] = [figure(system, id), figure(baseline, id)];
  return better === 'less' ? value / base : base / value;
}

export function titleOf(system) {
  return SYSTEMS.find(({ name }) => name === system).title;
}
