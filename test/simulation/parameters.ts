/** How often a property is tried, and from which seed, as the environment says. */
export interface Parameters {
  numRuns: number;
  seed?: number;
  path?: string;
  endOnFailure: boolean;
}

/**
 * `<NAME>_RUNS` says how often; `<NAME>_SEED` and `<NAME>_PATH` repeat a failure that printed them, and `<NAME>_SHRINK=1`
 * looks for a smaller one, which takes its time.
 */
export function parametersOf(name: 'SIMULATION' | 'MODEL', defaultRuns: number): Parameters {
  const given = (what: string): string | undefined => process.env[`${name}_${what}`];
  const seed = given('SEED');
  const path = given('PATH');
  return {
    numRuns: Number(given('RUNS') ?? defaultRuns),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
    endOnFailure: given('SHRINK') === undefined,
  };
}
