import { SYSTEMS } from './systems.mjs';
import { WORKLOADS } from './workloads.mjs';

/** The command line and the environment, read once. */
const USAGE = `node bench/scoreboard/main.mjs [--only workload,…] [--systems name,…] [--short] [--out folder]
  REPEATS=5 DRAIN_SECONDS=60 RUNG_SECONDS=6`;

/** Ends the process with the usage when an argument, a workload or a system is unknown. */
export function readOptions(args, env) {
  const list = (value, known) => {
    const names = value?.split(',') ?? [];
    if (names.length > 0 && names.every((name) => known.includes(name))) return names;
    return refuse(`One or more of: ${known.join(', ')}`);
  };
  const options = { only: null, systems: null, short: false, out: 'docs/performance' };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--short') options.short = true;
    else if (args[i] === '--only')
      options.only = list(
        args[(i += 1)],
        WORKLOADS.map(({ id }) => id),
      );
    else if (args[i] === '--systems')
      options.systems = list(
        args[(i += 1)],
        SYSTEMS.map(({ name }) => name),
      );
    else if (args[i] === '--out') options.out = args[(i += 1)];
    else refuse(USAGE);
  }
  return {
    ...options,
    repeats: Number(env.REPEATS ?? (options.short ? 1 : 5)),
    // Plans, caches and the JIT of all sides.
    warmRounds: options.short ? 1 : 2,
    drainSeconds: Number(env.DRAIN_SECONDS ?? (options.short ? 1 : 60)),
    rungSeconds: Number(env.RUNG_SECONDS ?? (options.short ? 1 : 6)),
  };
}

function refuse(text) {
  console.error(text);
  process.exit(2);
}
