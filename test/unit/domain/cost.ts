/**
 * CPU milliseconds of the cheapest of several runs: what the code costs, not what else the machine was doing, which is
 * what a clock on the wall would measure on a busy machine.
 */
export function cpuMsOf(runs: number, work: () => void): number {
  let cheapest = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    cheapest = Math.min(cheapest, (user + system) / 1_000);
  }
  return cheapest;
}
