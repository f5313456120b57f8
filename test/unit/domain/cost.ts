/** Of a machine that is busy with something else, hardly any run is as cheap as the code is. */
const MOST_RUNS = 20;

/**
 * CPU milliseconds of the cheapest of several runs: what the code costs, not what else the machine was doing, which is
 * what a clock on the wall would measure on a busy machine. Looks no further once a run was below `goalMs`.
 */
export function cpuMsOf(goalMs: number, work: () => void): number {
  let cheapest = Infinity;
  for (let run = 0; run < MOST_RUNS && cheapest >= goalMs; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    cheapest = Math.min(cheapest, (user + system) / 1_000);
  }
  return cheapest;
}
